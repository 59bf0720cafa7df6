"""What is said at the helpdesk: its own back end and its people answer there, Portal asks no bot."""

from dataclasses import dataclass

from sessions_app.core.commands import Sender

BOT, HUMAN = Sender.BOT, Sender.HUMAN


@dataclass(frozen=True, slots=True)
class Line:
    """What the user says, and what an agent without a bot of Portal's answers: (by whom, text)."""

    text: str
    answers: tuple[tuple[Sender, str], ...] = ()


def _bot(text: str, *answers: str) -> Line:
    return Line(text, tuple((BOT, answer) for answer in answers))


def _human(text: str, answer: str) -> Line:
    return Line(text, ((HUMAN, answer),))


# One case after the other; the lines of a case belong together.
CASES: tuple[tuple[Line, ...], ...] = (
    (
        _bot("I cannot sign in since this morning.", "Does it say that the password is wrong, or that it is locked?"),
        _bot("Locked.", "I have unlocked your account.", "Please try again in a minute."),
    ),
    (
        _bot("The printer on the second floor does nothing.", "It reports a paper jam in tray 2. Can you open it?"),
        _bot("There was a sheet in it. It prints now!", "Good. I have closed the ticket."),
    ),
    (
        _bot("My laptop does not find the Wi-Fi.", "Forget the network “office”, then join it again."),
        _bot("Still nothing.", "Let me get somebody."),
        _human("Third floor, by the kitchen.", "Hi, Otto here. The access point up there is down; I am on my way."),
    ),
    (_bot("I need access to the sales folder.", "Your manager has to agree.", "I have asked; I will write here."),),
    (_bot("How do I get a second screen?", "Order it under Hardware. Delivery takes about three days."),),
    (
        _bot("The VPN drops every few minutes.", "Version 4.2 does that. Please install 4.3."),
        _bot("Where do I find it?", "Under Software, VPN client, Install. No restart is needed."),
    ),
    (
        _bot("My new phone asks for a code.", "I have reset the second factor.", "Set it up when you sign in next."),
        _bot("It works.", "Glad to hear it."),
    ),
    (_human("I got a strange mail with an invoice.", "Please do not open it. Forward it to us, then delete it."),),
    (
        _bot("Excel closes as soon as I open a file.", "Does it do that with an empty file too?"),
        _human("No, only with the budget.", "Then it is the macro in it. I have put a copy without it beside it."),
    ),
)
THANKS = ("Great, that works. Thank you!", "Thanks a lot!", "Perfect, thanks.")
