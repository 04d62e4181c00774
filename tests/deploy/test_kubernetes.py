"""Kubernetes manifests against the schemas of its API, and against what the service says."""

import shlex
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from app import __version__
from app.cli import _parser
from app.factory import create_app
from app.settings import Settings

FOLDER = Path(__file__).parents[2] / "deploy/kubernetes"
DOCUMENTS = [
    document
    for path in sorted(FOLDER.glob("*.yaml"))
    for document in yaml.safe_load_all(path.read_text())
]
BUILT_IN = [document for document in DOCUMENTS if document["kind"] != "RayJob"]
VERSION = kubernetes_validate.latest_version()
# Fields of KubeRay's ray.io/v1 that the job has (ray-operator/apis/ray/v1); pods are checked apart.
GROUP = {"rayStartParams": dict, "template": dict}
WORKERS = GROUP | {"groupName": str, "replicas": int, "minReplicas": int, "maxReplicas": int}
CLUSTER = {"rayVersion": str, "headGroupSpec": GROUP, "workerGroupSpecs": [WORKERS]}
RAY_JOB = {
    "entrypoint": str,
    "shutdownAfterJobFinishes": bool,
    "ttlSecondsAfterFinished": int,
    "backoffLimit": int,
    "rayClusterSpec": CLUSTER,
}


def test_a_pod_has_a_worker_for_each_of_its_processors():
    (container,) = only("Deployment")["spec"]["template"]["spec"]["containers"]
    variables = {each["name"]: each["value"] for each in container["env"]}
    assert variables["WORKERS"] == container["resources"]["requests"]["cpu"]


def only(kind):
    (found,) = (document for document in DOCUMENTS if document["kind"] == kind)
    return found


@pytest.mark.parametrize("document", BUILT_IN, ids=lambda document: document["kind"])
def test_the_api_knows_every_field(document):
    kubernetes_validate.validate(document, VERSION, strict=True)


def groups():
    spec = only("RayJob")["spec"]["rayClusterSpec"]
    return [spec["headGroupSpec"], *spec["workerGroupSpecs"]]


def unknown(value, form, path=""):
    """Fields of a document that its form does not have, or has as another type."""
    if isinstance(form, list):
        return [each for item in value for each in unknown(item, form[0], path)]
    if not isinstance(form, dict):
        return [] if type(value) is form else [path]
    return [
        each
        for name, field in value.items()
        for each in (unknown(field, form[name], f"{path}.{name}") if name in form else [name])
    ]


def test_the_operator_knows_every_field():
    job = only("RayJob")
    assert job["apiVersion"] == "ray.io/v1"
    assert unknown(job["spec"], RAY_JOB) == []
    assert unknown({"backoffLimits": 1, "rayClusterSpec": {"rayVersion": 2}}, RAY_JOB) == [
        *("backoffLimits", ".rayClusterSpec.rayVersion")
    ]


@pytest.mark.parametrize("group", groups(), ids=["head", "workers"])
def test_the_pods_of_a_ray_cluster_are_pods(group):
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}} | group["template"]
    kubernetes_validate.validate(pod, VERSION, strict=True)
    assert all(isinstance(value, str) for value in group["rayStartParams"].values())


def test_a_wrong_field_is_found():
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"container": []}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(pod, VERSION, strict=True)


def test_the_job_is_a_command_that_there_is():
    _, *arguments = shlex.split(only("RayJob")["spec"]["entrypoint"])
    assert _parser().parse_args(arguments).ray == "auto"


def test_probes_and_images_are_those_of_this_version():
    (container,) = only("Deployment")["spec"]["template"]["spec"]["containers"]
    paths = create_app(Settings()).openapi()["paths"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["path"] in paths
    images = [container["image"]]
    images += [c["image"] for group in groups() for c in group["template"]["spec"]["containers"]]
    assert {image.partition(":")[2] for image in images} == {__version__}


def test_pods_outlast_the_requests_that_end():
    spec = only("Deployment")["spec"]["template"]["spec"]
    assert spec["terminationGracePeriodSeconds"] > 30
