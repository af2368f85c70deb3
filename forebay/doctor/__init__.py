from forebay.doctor.checks import CHECKS
from forebay.doctor.finding import Check, Finding, Level, Report, run
from forebay.doctor.gather import StackPorts, gather

__all__ = ["CHECKS", "Check", "Finding", "Level", "Report", "StackPorts", "gather", "run"]
