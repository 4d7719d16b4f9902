"""Gather all messages anew and compile them: `python -m tests.messages`; ends with 1 when one is not translated."""

import sys

from tests.messages.catalogue import as_mo, as_po, gathered, packages, untranslated


def main() -> int:
    missing = 0
    for package in packages():
        catalogue = gathered(package)
        package.po.parent.mkdir(parents=True, exist_ok=True)
        package.po.write_bytes(as_po(catalogue))
        package.mo.write_bytes(as_mo(catalogue))
        left = untranslated(catalogue)
        print(f"{package.name}: {len(catalogue)} messages, {len(left)} not translated")  # noqa: T201 - told to whoever runs it
        missing += len(left)
    return 1 if missing else 0


sys.exit(main())
