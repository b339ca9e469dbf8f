"""Candor's services. Importing this package sets what must stand before gRPC is first imported."""

import os

# Our processes start others by exec only, never by a bare fork, so gRPC's fork handlers have nothing to protect; left
# on, they write to the terminal at every start of a child.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
