"""One module per format. Each turns bytes into a `Draft`; none knows the contract's messages but for the kinds."""
