"""What is measured, one module per promise; `ALL` names them in the order of the table."""

from collections.abc import Callable, Mapping

from tests.load.measurements import chat, data, interactions, lateness, messages, statements, sweeps
from tests.load.place import Place
from tests.load.plan import Plan
from tests.load.report import Row

Measure = Callable[[Place, Plan], list[Row]]

ALL: Mapping[str, Measure] = {
    "chat": chat.measure,
    "interactions": interactions.measure,
    "message": messages.measure,
    "sweep": sweeps.ending,
    "nothing-due": sweeps.nothing_due,
    "lateness": lateness.measure,
    "data": data.measure,
    "statements": statements.measure,
}
