"""The table of what health says of each fault."""

from tables import Row, Table

__all__ = ["Row", "TABLE"]

HEAD = ("fault", "at", "us: read / write", "eu", "ap", "turned after", "returned after", "lb pulls failed while turning", "lb pulls failed then",
        "lb pushes failed then", "lb pulls failed on return", "us itself: digest tag push", "eu itself", "ap itself", "goals")
TABLE = Table("Tests/faults/health", HEAD, rank=lambda row: row.where)
