"""What every service stands on. Knows no CV, no job and no score."""
