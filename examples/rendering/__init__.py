"""How an example written in YAML becomes a PDF or a DOCX."""
