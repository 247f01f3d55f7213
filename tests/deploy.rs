//! What is in `deploy/` fits together, and fits the programs: a folder of examples that nobody
//! runs here, as there is no registry of images and no cluster.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use common::http;
use common::server::unconfigured;
use common::tls::Authority;
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};

/// How long a server takes to stop, in seconds, in which its node ends itself too.
const STOPPING: u64 = 3;

fn file(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The documents of a file of YAML.
fn documents(path: &str) -> Vec<Value> {
    let text = file(path);
    let documents = Yaml::load_from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
    documents.iter().map(value).collect()
}

fn value(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::String(text)) => Value::from(&**text),
        Yaml::Value(Scalar::Integer(number)) => Value::from(*number),
        Yaml::Value(Scalar::Boolean(is_so)) => Value::from(*is_so),
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Sequence(items) => items.iter().map(value).collect(),
        Yaml::Mapping(fields) => {
            let fields = fields.iter().map(|(key, field)| (key.as_str().unwrap().to_owned(), value(field)));
            merged(fields.collect()).into()
        }
        other => panic!("what is {other:?}?"),
    }
}

/// The fields of one mapping: those under `<<` are the defaults of its own.
fn merged(mut own: Map<String, Value>) -> Map<String, Value> {
    let Some(Value::Object(mut fields)) = own.remove("<<") else { return own };
    fields.extend(own);
    fields
}

/// The strings of a list, at this place.
#[track_caller]
fn strings<'v>(value: &'v Value, place: &str) -> Vec<&'v str> {
    let list = value.pointer(place).and_then(Value::as_array);
    list.unwrap_or_else(|| panic!("no list at {place} in {value:#}"))
        .iter()
        .map(|item| item.as_str().unwrap())
        .collect()
}

/// The services of the compose file whose name begins so.
fn services(kind: &str) -> Vec<(String, Value)> {
    let [compose] = &documents("deploy/compose.yaml")[..] else { panic!("one document") };
    let services = compose["services"].as_object().unwrap();
    services.iter().filter(|(name, _)| name.starts_with(kind)).map(|(name, of)| (name.clone(), of.clone())).collect()
}

/// The objects of the manifest that are of this kind.
fn objects(kind: &str) -> Vec<Value> {
    documents("deploy/kubernetes.yaml").into_iter().filter(|object| object["kind"] == kind).collect()
}

#[track_caller]
fn object(kind: &str, name: &str) -> Value {
    let [object] =
        &objects(kind).into_iter().filter(|object| object["metadata"]["name"] == name).collect::<Vec<_>>()[..]
    else {
        panic!("one {kind} that is called {name}")
    };
    object.clone()
}

fn pod(object: &Value) -> &Value {
    &object["spec"]["template"]["spec"]
}

fn container(object: &Value) -> &Value {
    pod(object).pointer("/containers/0").unwrap()
}

/// The command lines of `charla-server`, each as it stands in a file.
fn command_lines() -> Vec<Vec<String>> {
    let owned = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect();
    let composed = services("charla-").into_iter().map(|(_, service)| owned(strings(&service, "/command")));
    composed.chain([owned(strings(container(&object("Deployment", "charla")), "/args"))]).collect()
}

/// What an option is given in a command line.
#[track_caller]
fn given<'w>(words: &'w [impl AsRef<str>], option: &str) -> &'w str {
    let found = words.iter().find_map(|word| word.as_ref().strip_prefix(option)?.strip_prefix('='));
    found.unwrap_or_else(|| panic!("{option} is not given"))
}

/// The number of the port of a container that has this name.
#[track_caller]
fn port(container: &Value, name: &Value) -> u64 {
    let ports = container["ports"].as_array().unwrap();
    let port = ports.iter().find(|port| port["name"] == *name);
    port.unwrap_or_else(|| panic!("no port is called {name}"))["containerPort"].as_u64().unwrap()
}

/// Where a probe asks: the port and the path.
fn probe(container: &Value, name: &str) -> (u64, String) {
    let asked = &container[name]["httpGet"];
    (port(container, &asked["port"]), asked["path"].as_str().unwrap().to_owned())
}

/// What is said of NATS in `nats.conf`: a number, or a text without blanks.
fn of_nats(key: &str) -> Vec<String> {
    let conf = file("deploy/nats.conf");
    let values = conf.lines().filter_map(|line| line.trim().strip_prefix(key)?.strip_prefix(": "));
    values.map(str::to_owned).collect()
}

#[test]
fn each_command_line_is_one_that_the_server_takes() {
    let authority = Authority::new();
    authority.issue("server");
    let (certificate, key) = (authority.file("server.pem"), authority.file("server.key"));
    let lines = command_lines();
    assert_eq!(lines.len(), 4);
    for line in lines {
        // The files are not there; those of this test are read in their place.
        let line =
            line.join("\n").replace(given(&line, "--tls-cert"), &certificate).replace(given(&line, "--tls-key"), &key);
        let line: Vec<_> = line.lines().collect();
        let output = unconfigured().args(&line).arg("--check-config").output().unwrap();
        assert!(output.status.success(), "{line:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn what_others_reach_is_encrypted() {
    for line in command_lines() {
        assert!(line.iter().all(|word| word != "--insecure" && !word.starts_with("--listen=")), "{line:?}");
        assert_eq!(given(&line, "--listen-tls"), "0.0.0.0");
    }
}

#[test]
fn the_journal_is_on_each_server_of_nats_and_on_as_many_as_there_are_replicas() {
    let composed: BTreeSet<_> = services("nats-").into_iter().map(|(name, _)| name).collect();
    let set = object("StatefulSet", "nats");
    let count = set["spec"]["replicas"].as_u64().unwrap();
    assert_eq!(composed, (0..count).map(|number| format!("nats-{number}")).collect());
    let [port] = &of_nats("port").into_iter().filter(|port| port == "4222").collect::<Vec<_>>()[..] else {
        panic!("one port for clients")
    };
    let urls: Vec<_> = (0..count).map(|number| format!("nats://nats-{number}.nats:{port}")).collect();
    for line in command_lines() {
        assert_eq!(given(&line, "--journal"), urls.join(","));
        assert_eq!(given(&line, "--replicas"), count.to_string());
    }
    let routes: Vec<_> = (0..count).map(|number| format!("nats://nats-{number}.nats:6222")).collect();
    assert_eq!(of_nats("routes"), [format!("[{}]", routes.join(", "))]);
}

#[test]
fn each_server_of_nats_is_called_as_the_others_know_it() {
    for (name, service) in services("nats-") {
        assert_eq!(service["environment"]["NATS_NAME"], *name);
        assert_eq!(strings(&service, "/networks/journal/aliases"), [format!("{name}.nats")]);
        assert_eq!(strings(&service, "/volumes"), [format!("{name}:/data")]);
    }
    let (set, service) = (object("StatefulSet", "nats"), object("Service", "nats"));
    assert_eq!(set["spec"]["serviceName"], service["metadata"]["name"]);
    assert_eq!(service["spec"]["clusterIP"], "None");
    let env = container(&set).pointer("/env/0").unwrap();
    assert_eq!(env["name"], "NATS_NAME");
    assert_eq!(env["valueFrom"]["fieldRef"]["fieldPath"], "metadata.name");
}

#[test]
fn nats_has_the_same_configuration_in_both_and_room_for_what_is_kept() {
    assert_eq!(object("ConfigMap", "nats")["data"]["nats.conf"], file("deploy/nats.conf"));
    let set = object("StatefulSet", "nats");
    let args = strings(container(&set), "/args");
    let mount = &container(&set)["volumeMounts"][0];
    assert_eq!(args, ["--config".to_owned(), format!("{}/nats.conf", mount["mountPath"].as_str().unwrap())]);
    // Both in whole thousands of millions of bytes, and the disk has some to spare.
    let [store] = &of_nats("max_file_store")[..] else { panic!("one limit") };
    let disk = set.pointer("/spec/volumeClaimTemplates/0/spec/resources/requests/storage").unwrap().as_str().unwrap();
    let number = |size: &str, unit: &str| size.strip_suffix(unit).unwrap().parse::<u64>().unwrap();
    assert!(number(store, "GB") > 1 && number(disk, "Gi") > number(store, "GB"));
    assert_eq!(container(&set)["volumeMounts"][1]["mountPath"], "/data");
    assert_eq!(of_nats("store_dir"), ["/data"]);
}

#[test]
fn nats_is_as_new_as_the_server_needs_and_the_same_everywhere() {
    let images: BTreeSet<_> =
        services("nats-").into_iter().map(|(_, service)| service["image"].clone().to_string()).collect();
    assert_eq!(images, BTreeSet::from([container(&object("StatefulSet", "nats"))["image"].to_string()]));
    let image = images.first().unwrap().trim_matches('"');
    let version = image.strip_prefix("nats:").unwrap().split('-').next().unwrap();
    let parts = |version: &str| version.split('.').take(2).map(|part| part.parse().unwrap()).collect::<Vec<u32>>();
    assert!(parts(version) >= parts(charla::server::NATS_NEEDED), "{version}");
}

#[test]
fn probes_ask_where_the_server_tells_how_it_is() {
    let deployment = object("Deployment", "charla");
    let charla = container(&deployment);
    let (_, place) =
        given(&strings(charla, "/args"), "--metrics").rsplit_once(':').map(|(h, p)| (h, p.parse().unwrap())).unwrap();
    assert_eq!(probe(charla, "readinessProbe"), (place, "/readyz".to_owned()));
    assert_eq!(probe(charla, "livenessProbe"), (place, "/healthz".to_owned()));
    let (_server, real) = http::server(&[]);
    for path in ["/readyz", "/healthz"] {
        assert_eq!(http::get(real, path).0, 200, "{path}");
    }
}

#[test]
fn probes_of_nats_ask_its_monitor() {
    let set = object("StatefulSet", "nats");
    let [monitor] = &of_nats("http_port")[..] else { panic!("one monitor") };
    for name in ["startupProbe", "readinessProbe", "livenessProbe"] {
        let (port, path) = probe(container(&set), name);
        assert!(port.to_string() == *monitor && path.starts_with("/healthz"), "{name}: {port}{path}");
    }
}

#[test]
fn a_server_has_the_time_that_it_needs_to_stop() {
    let deployment = object("Deployment", "charla");
    let grace = pod(&deployment)["terminationGracePeriodSeconds"].as_u64().unwrap();
    let before = container(&deployment).pointer("/lifecycle/preStop/sleep/seconds").unwrap().as_u64().unwrap();
    assert!(grace > before + STOPPING, "{grace}");
    // A pod that stops is out of the way before the doors close.
    let probe = &container(&deployment)["readinessProbe"];
    assert!(before > probe["periodSeconds"].as_u64().unwrap() * probe["failureThreshold"].as_u64().unwrap());
    for (name, service) in services("charla-") {
        let grace = service["stop_grace_period"].as_str().unwrap().strip_suffix('s').unwrap();
        assert!(grace.parse::<u64>().unwrap() > STOPPING, "{name}");
    }
}

#[test]
fn who_stops_all_nodes_at_once_needs_no_two_versions_in_one_room() {
    assert_eq!(object("Deployment", "charla")["spec"]["strategy"]["type"], "Recreate");
    for name in ["charla", "nats"] {
        assert_eq!(object("PodDisruptionBudget", name)["spec"]["maxUnavailable"], 1);
    }
}

#[test]
fn what_selects_pods_finds_them() {
    let pods = [object("Deployment", "charla"), object("StatefulSet", "nats")];
    let labels: Vec<_> = pods.iter().map(|pod| &pod["spec"]["template"]["metadata"]["labels"]).collect();
    for (owner, labels) in pods.iter().zip(&labels) {
        assert_eq!(owner["spec"]["selector"]["matchLabels"], **labels);
        let spread = pod(owner).pointer("/topologySpreadConstraints/0/labelSelector/matchLabels").unwrap();
        assert_eq!(spread, *labels);
    }
    for service in objects("Service") {
        let found = pods.iter().zip(&labels).find(|(_, labels)| service["spec"]["selector"] == ***labels);
        let (owner, _) = found.unwrap_or_else(|| panic!("{service:#}"));
        for of in service["spec"]["ports"].as_array().unwrap() {
            assert_eq!(port(container(owner), &of["targetPort"]), of["port"].as_u64().unwrap());
        }
    }
    let policy = object("NetworkPolicy", "nats");
    for (rule, (from, name)) in
        [("/spec/ingress/0", (labels[0], "client")), ("/spec/ingress/1", (labels[1], "cluster"))]
    {
        let rule = policy.pointer(rule).unwrap();
        assert_eq!(rule["from"][0]["podSelector"]["matchLabels"], *from);
        assert_eq!(rule["ports"][0]["port"], name);
    }
    let selectors =
        objects("PodDisruptionBudget").into_iter().map(|budget| budget["spec"]["selector"]["matchLabels"].clone());
    assert!(selectors.eq(labels.iter().rev().map(|labels| (*labels).clone())));
}

#[test]
fn each_file_that_is_named_is_mounted() {
    let deployment = object("Deployment", "charla");
    let mount = container(&deployment)["volumeMounts"][0].clone();
    assert_eq!(mount["name"], pod(&deployment)["volumes"][0]["name"]);
    let secret = &pod(&deployment)["volumes"][0]["secret"];
    // That of `kubectl create secret tls`, for its group to read.
    assert_eq!((&secret["secretName"], &secret["defaultMode"]), (&"charla-tls".into(), &0o440.into()));
    let args = strings(container(&deployment), "/args");
    for (option, file) in [("--tls-cert", "tls.crt"), ("--tls-key", "tls.key")] {
        assert_eq!(given(&args, option), format!("{}/{file}", mount["mountPath"].as_str().unwrap()));
    }
    let [compose] = &documents("deploy/compose.yaml")[..] else { panic!("one document") };
    for (_, service) in services("charla-") {
        let command = strings(&service, "/command");
        let paths = [given(&command, "--tls-cert"), given(&command, "--tls-key")];
        assert_eq!(paths, ["cert.pem", "key.pem"].map(|secret| format!("/run/secrets/{secret}")));
        assert_eq!(strings(&service, "/secrets"), ["cert.pem", "key.pem"]);
    }
    assert!(compose["secrets"]["cert.pem"]["file"].is_string() && compose["secrets"]["key.pem"]["file"].is_string());
    assert_eq!(compose["configs"]["nats"]["file"], "nats.conf");
}

#[test]
fn ports_of_the_host_lead_to_those_of_the_servers() {
    let mut places = BTreeSet::new();
    for (name, service) in services("charla-") {
        let [chat, metrics] = strings(&service, "/ports")[..] else { panic!("{name}: two ports") };
        let command = strings(&service, "/command");
        let (_, told) = given(&command, "--metrics").rsplit_once(':').unwrap();
        assert!(chat.ends_with(&format!(":{}", charla::proto::TLS_PORT)) && metrics.ends_with(&format!(":{told}")));
        assert!(metrics.starts_with("127.0.0.1:"), "{name}: how it is, is for this machine alone");
        places.extend([chat.to_owned(), metrics.to_owned()]);
    }
    assert_eq!(places.len(), 6);
    let chat = container(&object("Deployment", "charla")).clone();
    assert_eq!(port(&chat, &"chat-tls".into()), u64::from(charla::proto::TLS_PORT));
}

#[test]
fn the_image_has_the_program_of_this_version() {
    let image = concat!("charla:", env!("CARGO_PKG_VERSION"));
    for (_, service) in services("charla-") {
        assert_eq!(service["image"], image);
        assert_eq!(service["build"]["dockerfile"], "deploy/Dockerfile");
    }
    assert_eq!(container(&object("Deployment", "charla"))["image"], image);
    let (dockerfile, readme) = (file("deploy/Dockerfile"), file("deploy/README.md"));
    assert!(dockerfile.contains(&format!("FROM rust:{}-", env!("CARGO_PKG_RUST_VERSION"))));
    assert!(dockerfile.contains(image) && readme.contains(image));
}

#[test]
fn the_image_sets_what_the_service_sets() {
    let (dockerfile, unit) = (file("deploy/Dockerfile"), file("packaging/charla-server.service"));
    let of = |text: &str, key: &str| {
        text.lines().filter_map(|line| line.strip_prefix(key).map(str::to_owned)).collect::<Vec<_>>()
    };
    let set = of(&unit, "Environment=");
    assert!(!set.is_empty());
    assert_eq!(of(&dockerfile, "ENV "), set);
}

#[test]
fn no_container_may_do_more_than_it_needs() {
    let user = |owner: &Value| pod(owner)["securityContext"]["runAsUser"].as_u64().unwrap();
    for owner in [object("Deployment", "charla"), object("StatefulSet", "nats")] {
        assert!(pod(&owner)["securityContext"]["runAsNonRoot"] == true && user(&owner) > 0);
        let context = &container(&owner)["securityContext"];
        assert_eq!(context["allowPrivilegeEscalation"], false);
        assert_eq!(context["readOnlyRootFilesystem"], true);
        assert_eq!(strings(context, "/capabilities/drop"), ["ALL"]);
    }
    for (name, service) in services("") {
        assert!(service["read_only"] == true && strings(&service, "/cap_drop") == ["ALL"], "{name}");
    }
}

/// Run by ci/cluster, which has it.
#[test]
#[ignore = "needs nats-server"]
fn nats_takes_its_configuration() {
    let program = std::env::var_os("CHARLA_NATS_SERVER").unwrap_or_else(|| "nats-server".into());
    let mut command = Command::new(program);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["-t", "--config", "deploy/nats.conf"]);
    let output = command.env("NATS_NAME", "nats-0").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
