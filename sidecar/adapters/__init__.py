"""Adapters: the only place that imports vendor SDKs.

ONNX Runtime's wheels for Linux send telemetry over HTTPS and keep a device id on disk, by default, from the moment the
library is loaded (see `Privacy.md` in the package). Its Python switch acts too late for the first event, so the
variable is set here, before any adapter can import it.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
