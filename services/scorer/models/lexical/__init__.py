"""What the lexical judge knows about words, CVs and job advertisements. No network, no model, nothing learnt at run time."""
