"""Every lasting illness of the demo by its short name."""

from __future__ import annotations

from crm.demo.courses import breathing, families, heart, metabolic, mind_and_motion
from crm.demo.courses.shapes import Course

COURSES: dict[str, Course] = {
    **heart.COURSES,
    **metabolic.COURSES,
    **breathing.COURSES,
    **mind_and_motion.COURSES,
    **families.COURSES,
}
