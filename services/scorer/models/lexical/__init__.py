"""What the lexical judge knows about words, CVs and postings. No network, no model, nothing learnt at run time."""
