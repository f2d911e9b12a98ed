"""A folder <-> a dataset repository of the Hugging Face Hub; a version is one commit there, and a tag names it.

Push looks at the head first and sends what differs from it, then makes the commit upon exactly that head: of two
who push at once, one is told. Pull resolves a revision to its commit once, judges every path of that commit before
the first byte is written, and checks every file against the hash that the commit holds.
"""

from negbank.hub.pulling import MAX_GB, Listing, Pulled, look, pull, unsafe_path
from negbank.hub.pushing import Pushed, PushSettings, push_folder
from negbank.hub.readme import notes_of, refuse_strange_notes
from negbank.hub.remote import check_repo_name, whoami_namespace
from negbank.hub.tagging import Tagged, set_tags

__all__ = [
    "MAX_GB",
    "Listing",
    "Pulled",
    "PushSettings",
    "Pushed",
    "Tagged",
    "check_repo_name",
    "look",
    "notes_of",
    "pull",
    "push_folder",
    "refuse_strange_notes",
    "set_tags",
    "unsafe_path",
    "whoami_namespace",
]  # fmt: skip
