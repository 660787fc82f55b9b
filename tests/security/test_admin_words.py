"""The words of the administration for what the code counts by keys."""

from security.admin import access
from security.classification import Scope, SubjectKind


def test_every_scope_and_every_kind_of_subject_has_a_word():
    assert set(access.SCOPES) == set(Scope)
    assert set(access.WHOSE) == set(SubjectKind)
