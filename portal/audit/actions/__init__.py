"""What is done to the audit log: recording, sealing, verifying, erasing."""

from portal.audit.actions.erasing import erase
from portal.audit.actions.recording import record, record_all
from portal.audit.actions.sealing import seal
from portal.audit.actions.verifying import Report, verify

__all__ = ["Report", "erase", "record", "record_all", "seal", "verify"]
