"""Example jobs and CVs, and the script that makes the binary ones."""
