locals {
  subscription = coalesce(var.subscription, "${var.topic}-mixpanel")

  # The same on both sides. The service answers before it, and Cloud Run waits that long.
  ack_deadline_seconds = 60

  letters_in_topic     = var.dead_letter.kind == "topic"
  letters_in_bucket    = var.dead_letter.kind == "bucket"
  letters_by_policy    = var.dead_letter.kind == "subscription"
  letter_topic         = coalesce(var.dead_letter.name, "${var.topic}-dead")
  letter_bucket        = coalesce(var.dead_letter.name, "${var.project_id}-dead-letters")
  letter_folder        = "/dead-letters"
  has_mapping          = var.mapping != null
  mapping_folder       = "/config"
  mapping_file         = "mapping.yaml"
  verified_by_service  = var.auth == "oidc"
  audience_of_the_oidc = "${var.name}-${var.project_id}"

  # The names by which the containers of an instance know each other.
  service_container   = "service"
  collector_container = "collector"
  collector_folder    = "/etc/rungmp"
  metrics_port        = 9464

  dead_letter = {
    topic        = "pubsub:projects/${var.project_id}/topics/${local.letter_topic}"
    bucket       = "file:${local.letter_folder}"
    subscription = "subscription"
  }[var.dead_letter.kind]

  environment = merge(
    var.env,
    {
      MIXPANEL_REGION           = var.mixpanel_region
      PUSH_AUTH                 = var.auth
      PUSH_SERVICE_ACCOUNT      = google_service_account.push.email
      PUSH_ACK_DEADLINE_SECONDS = local.ack_deadline_seconds
      METRICS_PORT              = var.prometheus_sidecar ? local.metrics_port : 0
      DEAD_LETTER               = local.dead_letter
    },
    local.verified_by_service ? { PUSH_AUDIENCE = local.audience_of_the_oidc } : {},
    local.has_mapping ? { TRANSFORM = "${local.mapping_folder}/${local.mapping_file}" } : {},
  )
}

# 1. The APIs, and the topic where it is new.

resource "google_project_service" "api" {
  for_each = toset([
    "run.googleapis.com",
    "pubsub.googleapis.com",
    "secretmanager.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
  ])

  project            = var.project_id
  service            = each.key
  disable_on_destroy = false
}

resource "google_pubsub_topic" "events" {
  count = var.create_topic ? 1 : 0

  project = var.project_id
  name    = var.topic
  labels  = var.labels

  depends_on = [google_project_service.api]

  lifecycle {
    prevent_destroy = true
  }
}

# 2. The accounts: one that the service runs as, one whose token a push bears, and the agent of Pub/Sub
# that signs the token. The agent of a new project does not exist until something asks for it.

resource "google_service_account" "run" {
  project      = var.project_id
  account_id   = "${var.name}-run"
  display_name = "${var.name}: the service"

  depends_on = [google_project_service.api]
}

resource "google_service_account" "push" {
  project      = var.project_id
  account_id   = "${var.name}-push"
  display_name = "${var.name}: the pushes of Pub/Sub"

  depends_on = [google_project_service.api]
}

resource "google_project_service_identity" "pubsub" {
  provider = google-beta

  project = var.project_id
  service = "pubsub.googleapis.com"

  depends_on = [google_project_service.api]
}

# 3. The grants that the service and its pushes need.

resource "google_service_account_iam_member" "token_creator" {
  service_account_id = google_service_account.push.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_project_service_identity.pubsub.member
}

resource "google_secret_manager_secret_iam_member" "token" {
  project   = var.project_id
  secret_id = var.mixpanel_token_secret
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.run.member
}

# Each secret once: several variables may name one.
resource "google_secret_manager_secret_iam_member" "variable" {
  for_each = toset(values(var.secret_env)[*].secret)

  project   = var.project_id
  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.run.member
}

# 4. The place for dead letters.

resource "google_pubsub_topic" "dead_letter" {
  count = local.letters_in_bucket ? 0 : 1

  project = var.project_id
  name    = local.letter_topic
  labels  = var.labels

  depends_on = [google_project_service.api]

  lifecycle {
    prevent_destroy = true
  }
}

# It keeps the letters until somebody reads them: a topic without a subscription keeps nothing.
resource "google_pubsub_subscription" "dead_letter" {
  count = local.letters_in_bucket ? 0 : 1

  project                    = var.project_id
  name                       = local.letter_topic
  topic                      = google_pubsub_topic.dead_letter[0].id
  labels                     = var.labels
  ack_deadline_seconds       = 60
  message_retention_duration = "2678400s"

  expiration_policy {
    ttl = ""
  }

  lifecycle {
    prevent_destroy = true
  }
}

# The service publishes letters itself; with a policy, Pub/Sub's agent does.
resource "google_pubsub_topic_iam_member" "dead_letter" {
  count = local.letters_in_bucket ? 0 : 1

  project = var.project_id
  topic   = google_pubsub_topic.dead_letter[0].name
  role    = "roles/pubsub.publisher"
  member  = local.letters_in_topic ? google_service_account.run.member : google_project_service_identity.pubsub.member
}

resource "google_storage_bucket" "dead_letter" {
  count = local.letters_in_bucket ? 1 : 0

  project                     = var.project_id
  name                        = local.letter_bucket
  location                    = var.region
  labels                      = var.labels
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  lifecycle {
    prevent_destroy = true
  }
}

resource "google_storage_bucket_iam_member" "dead_letter" {
  count = local.letters_in_bucket ? 1 : 0

  bucket = google_storage_bucket.dead_letter[0].name
  role   = "roles/storage.objectUser"
  member = google_service_account.run.member
}

# 5. The mapping, as a secret. A new text makes a new version, and with it a new revision.

resource "google_secret_manager_secret" "mapping" {
  count = local.has_mapping ? 1 : 0

  project   = var.project_id
  secret_id = "${var.name}-mapping"
  labels    = var.labels

  replication {
    auto {}
  }

  depends_on = [google_project_service.api]
}

resource "google_secret_manager_secret_version" "mapping" {
  count = local.has_mapping ? 1 : 0

  secret      = google_secret_manager_secret.mapping[0].id
  secret_data = var.mapping

  # A revision that runs mounts its version until the next one has taken over.
  lifecycle {
    create_before_destroy = true
  }
}

resource "google_secret_manager_secret_iam_member" "mapping" {
  count = local.has_mapping ? 1 : 0

  project   = var.project_id
  secret_id = google_secret_manager_secret.mapping[0].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.run.member
}

# 6. The collector of Prometheus metrics, where the owner wants one: what it reads, and its right to write.

resource "google_secret_manager_secret" "collector" {
  count = var.prometheus_sidecar ? 1 : 0

  project   = var.project_id
  secret_id = "${var.name}-collector"
  labels    = var.labels

  replication {
    auto {}
  }

  depends_on = [google_project_service.api]
}

# The collector reads its settings from a mounted file. They hold no secret.
resource "google_secret_manager_secret_version" "collector" {
  count = var.prometheus_sidecar ? 1 : 0

  secret = google_secret_manager_secret.collector[0].id
  secret_data = yamlencode({
    apiVersion = "monitoring.googleapis.com/v1beta"
    kind       = "RunMonitoring"
    metadata   = { name = var.name }
    spec       = { endpoints = [{ port = local.metrics_port, path = "/metrics", interval = "30s" }] }
  })

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_secret_manager_secret_iam_member" "collector" {
  count = var.prometheus_sidecar ? 1 : 0

  project   = var.project_id
  secret_id = google_secret_manager_secret.collector[0].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.run.member
}

# Cloud Monitoring knows this right on a whole project only.
resource "google_project_iam_member" "collector" {
  count = var.prometheus_sidecar ? 1 : 0

  project = var.project_id
  role    = "roles/monitoring.metricWriter"
  member  = google_service_account.run.member
}

# 7. The service.

resource "google_cloud_run_v2_service" "service" {
  provider = google-beta

  project             = var.project_id
  location            = var.region
  name                = var.name
  labels              = var.labels
  launch_stage        = local.letters_in_bucket ? "BETA" : "GA"
  deletion_protection = var.deletion_protection

  template {
    service_account                  = google_service_account.run.email
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    max_instance_request_concurrency = 500
    timeout                          = "${local.ack_deadline_seconds}s"

    scaling {
      max_instance_count = var.max_instances
    }

    containers {
      name  = local.service_container
      image = var.image

      # Pushes go to this container, with a collector beside it or without.
      ports {
        name           = var.http2 ? "h2c" : "http1"
        container_port = 8080
      }

      resources {
        # CPU while a request is open: all work on a message happens before its answer. A collector works
        # between them.
        cpu_idle = !var.prometheus_sidecar
        limits = {
          cpu    = var.cpu
          memory = var.memory
        }
      }

      startup_probe {
        http_get {
          path = "/health/ready"
        }
      }

      liveness_probe {
        http_get {
          path = "/health/live"
        }
      }

      env {
        name = "MIXPANEL_PROJECT_TOKEN"
        value_source {
          secret_key_ref {
            secret  = var.mixpanel_token_secret
            version = var.mixpanel_token_secret_version
          }
        }
      }

      dynamic "env" {
        for_each = local.environment
        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = var.secret_env
        content {
          name = env.key
          value_source {
            secret_key_ref {
              secret  = env.value.secret
              version = env.value.version
            }
          }
        }
      }

      dynamic "volume_mounts" {
        for_each = local.has_mapping ? ["mapping"] : []
        content {
          name       = volume_mounts.value
          mount_path = local.mapping_folder
        }
      }

      dynamic "volume_mounts" {
        for_each = local.letters_in_bucket ? ["dead-letters"] : []
        content {
          name       = volume_mounts.value
          mount_path = local.letter_folder
        }
      }
    }

    dynamic "containers" {
      for_each = var.prometheus_sidecar ? [local.collector_container] : []
      content {
        name       = containers.value
        image      = "us-docker.pkg.dev/cloud-ops-agents-artifacts/cloud-run-gmp-sidecar/cloud-run-gmp-sidecar:1.2.0"
        depends_on = [local.service_container]

        resources {
          cpu_idle = false
          limits = {
            cpu    = "1"
            memory = "512Mi"
          }
        }

        volume_mounts {
          name       = local.collector_container
          mount_path = local.collector_folder
        }
      }
    }

    dynamic "volumes" {
      for_each = var.prometheus_sidecar ? [local.collector_container] : []
      content {
        name = volumes.value
        secret {
          secret = google_secret_manager_secret.collector[0].secret_id
          items {
            version = google_secret_manager_secret_version.collector[0].version
            path    = "config.yaml"
          }
        }
      }
    }

    dynamic "volumes" {
      for_each = local.has_mapping ? ["mapping"] : []
      content {
        name = volumes.value
        secret {
          secret = google_secret_manager_secret.mapping[0].secret_id
          items {
            version = google_secret_manager_secret_version.mapping[0].version
            path    = local.mapping_file
          }
        }
      }
    }

    # The image runs as user 1000. With streaming writes, a flush would not be durable.
    dynamic "volumes" {
      for_each = local.letters_in_bucket ? ["dead-letters"] : []
      content {
        name = volumes.value
        gcs {
          bucket        = google_storage_bucket.dead_letter[0].name
          read_only     = false
          mount_options = ["uid=1000", "gid=1000", "enable-streaming-writes=false"]
        }
      }
    }
  }

  # A revision without one of these does not start.
  depends_on = [
    google_project_service.api,
    google_secret_manager_secret_iam_member.token,
    google_secret_manager_secret_iam_member.variable,
    google_secret_manager_secret_iam_member.mapping,
    google_secret_manager_secret_iam_member.collector,
    google_project_iam_member.collector,
    google_pubsub_topic_iam_member.dead_letter,
    google_storage_bucket_iam_member.dead_letter,
  ]
}

resource "google_cloud_run_v2_service_iam_member" "invoker" {
  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_service.service.name
  role     = "roles/run.invoker"
  member   = var.auth == "cloud-run-iam" ? google_service_account.push.member : "allUsers"
}

# 8. The subscription, last: it pushes from the moment it exists.

resource "google_pubsub_subscription" "events" {
  project                    = var.project_id
  name                       = local.subscription
  topic                      = var.create_topic ? google_pubsub_topic.events[0].id : "projects/${var.project_id}/topics/${var.topic}"
  filter                     = var.filter
  labels                     = var.labels
  ack_deadline_seconds       = local.ack_deadline_seconds
  message_retention_duration = "604800s"

  push_config {
    push_endpoint = "${google_cloud_run_v2_service.service.uri}/push"

    oidc_token {
      service_account_email = google_service_account.push.email
      audience              = local.verified_by_service ? local.audience_of_the_oidc : google_cloud_run_v2_service.service.uri
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  expiration_policy {
    ttl = ""
  }

  dynamic "dead_letter_policy" {
    for_each = local.letters_by_policy ? ["policy"] : []
    content {
      dead_letter_topic     = google_pubsub_topic.dead_letter[0].id
      max_delivery_attempts = var.dead_letter.max_delivery_attempts
    }
  }

  depends_on = [
    google_service_account_iam_member.token_creator,
    google_secret_manager_secret_iam_member.token,
    google_secret_manager_secret_iam_member.variable,
    google_secret_manager_secret_iam_member.mapping,
    google_secret_manager_secret_iam_member.collector,
    google_project_iam_member.collector,
    google_pubsub_topic_iam_member.dead_letter,
    google_storage_bucket_iam_member.dead_letter,
    google_cloud_run_v2_service_iam_member.invoker,
  ]

  # With it goes its backlog.
  lifecycle {
    prevent_destroy = true
  }
}

# The one grant that comes after, for it is on the subscription. Until it is there the policy counts no
# attempts, so nothing is lost.
resource "google_pubsub_subscription_iam_member" "dead_letter" {
  count = local.letters_by_policy ? 1 : 0

  project      = var.project_id
  subscription = google_pubsub_subscription.events.name
  role         = "roles/pubsub.subscriber"
  member       = google_project_service_identity.pubsub.member
}

# 9. The alerts and the dashboard.

module "monitoring" {
  source = "../monitoring"
  count  = var.alerts ? 1 : 0

  project_id               = var.project_id
  name                     = google_cloud_run_v2_service.service.name
  subscription             = google_pubsub_subscription.events.name
  dead_letter_subscription = local.letters_in_bucket ? null : local.letter_topic
  notification_channels    = var.notification_channels
  runbook                  = var.runbook
  prometheus_sidecar       = var.prometheus_sidecar

  depends_on = [google_project_service.api]
}
