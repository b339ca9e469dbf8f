"""What every side is given: CVs that differ, and one job with a rubric of eight criteria."""

from __future__ import annotations

import random
from pathlib import Path

from candor.jobs.v1.job_pb2 import Criterion, Rubric

TITLE = "Platform Engineer"
DESCRIPTION = (Path(__file__).resolve().parents[1] / "examples/jobs/platform-engineer.md").read_text(encoding="utf-8")

_CRITERIA = {
    "operating-production": "Has the candidate spent five years operating production systems as an engineer?",
    "kubernetes": "Has the candidate run Kubernetes clusters in production, upgrades and capacity included?",
    "python": "Has the candidate written Python services and tools that are tested and maintained?",
    "postgresql": "Has the candidate administered PostgreSQL in production, with replication and backups?",
    "messaging": "Has the candidate operated RabbitMQ or Kafka, with queues and consumers under load?",
    "infrastructure-as-code": "Has the candidate kept infrastructure as code with Terraform, Helm or GitOps?",
    "incidents": "Has the candidate led incidents on call and written post-mortems afterwards?",
    "english": "Does the candidate speak and write English fluently?",
}
_FIRST = ("Amara", "Jonas", "Priya", "Luca", "Sofia", "Tomas", "Ines", "Karim", "Elif", "Nils", "Maren", "Oskar")
_LAST = ("Okonkwo", "Lindqvist", "Raman", "Bianchi", "Moreau", "Novak", "Ferreira", "Haddad", "Yilmaz", "Berger")
_EMPLOYERS = ("Northgate Clearing", "Halden Logistics", "Tessera Health", "Kestrel Energy", "Brightwater Retail")
_DUTIES = (
    "Ran {n} Kubernetes clusters in production and led their upgrades without downtime.",
    "Administered PostgreSQL in production: replication, backups restored every week, {n} slow queries mended.",
    "Wrote and maintained Python services and tools, tested and reviewed, for {n} product teams.",
    "Operated RabbitMQ with quorum queues and {n} consumers under load at the end of every month.",
    "Kept infrastructure as code with Terraform and Helm for {n} environments.",
    "Led {n} incidents on call and wrote the post-mortems afterwards.",
    "Agreed service level objectives with {n} product teams and built the dashboards behind them.",
    "Moved {n} services from virtual machines to containers within a year.",
    "Mentored {n} junior engineers and reviewed their work.",
    "Cut the monthly cost of the platform by {n} per cent after a review of its capacity.",
)


def rubric() -> Rubric:
    """Eight criteria, as many as a drafted rubric usually has."""
    return Rubric(
        criteria=[
            Criterion(
                criterion_id=name,
                question=question,
                dimension=Criterion.DIMENSION_TECHNICAL_SKILLS,
                kind=Criterion.KIND_SCORED,
                weight=1,
            )
            for name, question in _CRITERIA.items()
        ]
    )


def cv_text(number: int) -> str:
    """A CV of about 2,500 characters. Each number gives another: a paid answer is kept by text, and would be reused."""
    chance = random.Random(number)
    name = f"{chance.choice(_FIRST)} {chance.choice(_LAST)}"
    lines = [
        name,
        f"applicant{number}@example.com | Rotterdam",
        "",
        "Profile",
        f"Platform engineer, file {number}.",
        "",
    ]
    lines.append("Experience")
    year = 2025
    for employer in chance.sample(_EMPLOYERS, 3):
        years = chance.randint(2, 4)
        lines.append(f"{employer}, Site Reliability Engineer, {year - years} to {year}")
        lines += [f"- {duty.format(n=chance.randint(2, 60))}" for duty in chance.sample(_DUTIES, 7)]
        lines.append("")
        year -= years
    lines += ["Education", "BSc Computer Science, Delft University of Technology", ""]
    lines += ["Languages", "English (fluent, spoken and written), Dutch (basic)"]
    return "\n".join(lines)
