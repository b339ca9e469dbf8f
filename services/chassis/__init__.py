"""What every service stands on. Knows no CV, no job and no score."""

import os

# Read when grpc is first imported. Our processes start others by exec only, never by a bare fork, so gRPC's fork handlers
# have nothing to protect and only write to the terminal.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
