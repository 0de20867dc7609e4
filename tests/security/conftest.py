"""What these tests start programs with is what the end-to-end tests start them with."""

from tests.e2e.conftest import console_script, new_vendor, shell, stack, vendor, world

__all__ = ["console_script", "new_vendor", "shell", "stack", "vendor", "world"]
