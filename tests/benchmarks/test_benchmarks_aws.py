"""A cluster on Amazon's network: nothing is unknown once its JSON is given, and without it the command is named."""

from benchmarks.aws_scale import answered, objects, told, written


def test_a_thousand_pods_are_a_thousand_and_have_fifty_groups_and_two_hundred_policies():
    kinds = [thing["kind"] for thing in objects(1000)]
    assert kinds.count("Deployment") == 1001
    assert kinds.count("NetworkPolicy") == 200
    assert kinds.count("SecurityGroupPolicy") == 50
    assert len(told(1000)[0]["SecurityGroups"]) == 51


def test_nothing_is_unknown_once_it_is_told(tmp_path):
    statuses, facts, _ = answered(written(tmp_path, 1000, is_told=True))
    assert statuses.total() > 70
    assert statuses["proved"] > 30
    assert (statuses["unknown"], facts) == (0, set())


def test_what_is_missing_is_named_by_its_command(tmp_path):
    statuses, facts, _ = answered(written(tmp_path, 60, is_told=False))
    assert statuses["unknown"]
    assert any("aws ec2 describe-security-groups --group-ids sg-" in text for text in facts)
