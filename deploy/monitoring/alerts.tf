# The alerts and the dashboard of one service. ../terraform calls this module. By itself it watches a service
# that gcloud has made.
#
# The alerts stand on the metrics of Pub/Sub and on log lines. The service's own metrics are not among them:
# a collector of Prometheus on Cloud Run needs CPU that is always allocated, which is billed by the instance.
# With prometheus_sidecar the dashboard shows them, and the alerts stay as they are.

terraform {
  required_version = ">= 1.5"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50, < 8.0"
    }
  }
}

variable "project_id" {
  description = "The project of the subscription and the service."
  type        = string
}

variable "name" {
  description = "The name of the service on Cloud Run."
  type        = string
}

variable "subscription" {
  description = "The name of the push subscription."
  type        = string
}

variable "dead_letter_subscription" {
  description = "The name of the subscription that keeps the dead letters. Null when a folder holds them."
  type        = string
  default     = null
}

variable "notification_channels" {
  description = "The channels that an alert is sent to: projects/P/notificationChannels/N."
  type        = list(string)
  default     = []
}

variable "runbook" {
  description = "The address of docs/runbook.md where your people read it. Each alert links its section."
  type        = string
  default     = "docs/runbook.md"
}

variable "prometheus_sidecar" {
  description = "Whether a collector sends the service's own metrics to Cloud Monitoring: then the dashboard shows them."
  type        = bool
  default     = false
}

locals {
  series = "monitored_resource=\"pubsub_subscription\",subscription_id=\"${var.subscription}\""
  # The name of the service in the names of metrics in PromQL.
  metric = replace(var.name, "-", "_")
  logs   = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${var.name}\""

  names            = { name = var.name, metric = local.metric, subscription = var.subscription }
  dashboard        = jsondecode(templatefile("${path.module}/dashboard.json", local.names))
  prometheus_tiles = jsondecode(templatefile("${path.module}/prometheus-tiles.json", local.names))
  layout           = local.dashboard.mosaicLayout
  tiles            = concat(local.layout.tiles, [for tile in local.prometheus_tiles : tile if var.prometheus_sidecar])
}

resource "google_monitoring_alert_policy" "backlog_ages" {
  project               = var.project_id
  display_name          = "${var.name}: the backlog ages"
  severity              = "CRITICAL"
  combiner              = "OR"
  notification_channels = var.notification_channels

  conditions {
    display_name = "the oldest message is older than 5 minutes"
    condition_threshold {
      filter          = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=\"${var.subscription}\" AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
      comparison      = "COMPARISON_GT"
      threshold_value = 300
      duration        = "300s"
      aggregations {
        alignment_period   = "60s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Events reach Mixpanel late. [What to do](${var.runbook}#the-backlog-ages)"
  }
}

resource "google_monitoring_alert_policy" "nothing_arrives" {
  project               = var.project_id
  display_name          = "${var.name}: nothing arrives"
  severity              = "CRITICAL"
  combiner              = "OR"
  notification_channels = var.notification_channels

  conditions {
    display_name = "messages wait, and no push is acked for 10 minutes"
    condition_prometheus_query_language {
      query               = <<-EOT
        min_over_time(pubsub_googleapis_com:subscription_num_undelivered_messages{${local.series}}[10m]) > 0
        unless on (subscription_id)
        sum by (subscription_id) (increase(pubsub_googleapis_com:subscription_push_request_count{${local.series},response_class="ack"}[10m])) > 0
      EOT
      duration            = "0s"
      evaluation_interval = "60s"
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Messages wait and none is acked. [What to do](${var.runbook}#nothing-arrives)"
  }
}

resource "google_monitoring_alert_policy" "pushes_fail" {
  project               = var.project_id
  display_name          = "${var.name}: pushes fail"
  severity              = "WARNING"
  combiner              = "OR"
  notification_channels = var.notification_channels

  conditions {
    display_name = "more than 1 % of the pushes are not acked"
    condition_prometheus_query_language {
      query               = <<-EOT
        sum by (subscription_id) (rate(pubsub_googleapis_com:subscription_push_request_count{${local.series},response_class!="ack"}[5m]))
        / sum by (subscription_id) (rate(pubsub_googleapis_com:subscription_push_request_count{${local.series}}[5m]))
        > 0.01
      EOT
      duration            = "600s"
      evaluation_interval = "60s"
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Pub/Sub delivers many messages again, and slower. [What to do](${var.runbook}#pushes-fail)"
  }
}

# A minute line has the delays of its minute. One slow minute may be a single message that came again, so the
# alert waits for more. The metric need not exist: it appears with the first import.
resource "google_monitoring_alert_policy" "slow" {
  project               = var.project_id
  display_name          = "${var.name}: imports are slow"
  severity              = "WARNING"
  combiner              = "OR"
  notification_channels = var.notification_channels

  conditions {
    display_name = "p99 from publishing to import is above 60 s"
    condition_prometheus_query_language {
      query                     = <<-EOT
        histogram_quantile(0.99, sum by (le) (rate(logging_googleapis_com:user_${local.metric}_publish_to_import_ms_bucket{monitored_resource="cloud_run_revision"}[5m]))) > 60000
      EOT
      duration                  = "300s"
      evaluation_interval       = "60s"
      disable_metric_validation = true
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Events reach Mixpanel more than a minute after they were published. [What to do](${var.runbook}#imports-are-slow)"
  }

  depends_on = [google_logging_metric.publish_to_import]
}

# These two match log lines themselves, which takes seconds: a metric takes minutes to appear. A state that lasts is
# written each minute, so its incident stays open.

resource "google_monitoring_alert_policy" "events_refused" {
  project               = var.project_id
  display_name          = "${var.name}: all events are refused"
  severity              = "CRITICAL"
  combiner              = "OR"
  notification_channels = var.notification_channels

  conditions {
    display_name = "messages go back because Mixpanel, or the transform, refuses everything"
    condition_matched_log {
      filter = "${local.logs} AND jsonPayload.event=\"state\" AND jsonPayload.change=(\"entered\" OR \"lasts\")"
    }
  }

  alert_strategy {
    auto_close = "1800s"
    notification_rate_limit {
      period = "300s"
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Messages are nacked until a person acts. [What to do](${var.runbook}#all-events-are-refused)"
  }
}

resource "google_monitoring_alert_policy" "dead_letters" {
  project               = var.project_id
  display_name          = "${var.name}: dead letters"
  severity              = "WARNING"
  combiner              = "OR"
  notification_channels = var.notification_channels

  conditions {
    display_name = "rejected events were stored"
    condition_matched_log {
      filter = "${local.logs} AND jsonPayload.event=\"dead_letters\""
    }
  }

  alert_strategy {
    auto_close = "1800s"
    notification_rate_limit {
      period = "900s"
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Events were rejected and stored. [What to do](${var.runbook}#dead-letters)"
  }
}

resource "google_monitoring_alert_policy" "dead_letters_wait" {
  count = var.dead_letter_subscription == null ? 0 : 1

  project               = var.project_id
  display_name          = "${var.name}: dead letters wait"
  severity              = "WARNING"
  combiner              = "OR"
  notification_channels = var.notification_channels

  conditions {
    display_name = "the subscription of the dead letters has messages"
    condition_threshold {
      filter          = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=\"${var.dead_letter_subscription}\" AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "900s"
      aggregations {
        alignment_period   = "60s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Dead letters are deleted after 31 days. [What to do](${var.runbook}#dead-letters-wait)"
  }
}

# The events of each minute, by what became of them: the sum of a distribution is the number of events.
resource "google_logging_metric" "events" {
  for_each = toset(["received", "imported", "dead_lettered", "dropped", "returned"])

  project         = var.project_id
  name            = "${var.name}/events_${each.key}"
  description     = "The events ${each.key}, minute by minute, of the service ${var.name}."
  filter          = "${local.logs} AND jsonPayload.event=\"minute\""
  value_extractor = "EXTRACT(jsonPayload.delta.${each.key})"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "1"
  }
}

# The states that instances enter, by name. Where a distribution sums a number of each line, a counter counts lines.
resource "google_logging_metric" "states" {
  project     = var.project_id
  name        = "${var.name}/states_entered"
  description = "The states in which messages go back, each time that an instance of the service ${var.name} enters one."
  filter      = "${local.logs} AND jsonPayload.event=\"state\" AND jsonPayload.change=\"entered\""

  label_extractors = {
    state = "EXTRACT(jsonPayload.state)"
  }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"

    labels {
      key        = "state"
      value_type = "STRING"
    }
  }
}

# The p99 of each minute, in ms. The threshold of the alert is the end of a bucket, so that a p99 of 59 s does not
# count as one of 61.
resource "google_logging_metric" "publish_to_import" {
  project         = var.project_id
  name            = "${var.name}/publish_to_import_ms"
  description     = "The p99 of the delays from publishing to import, minute by minute, of the service ${var.name}."
  filter          = "${local.logs} AND jsonPayload.event=\"minute\" AND jsonPayload.publishToImportMs.count>0"
  value_extractor = "EXTRACT(jsonPayload.publishToImportMs.p99)"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "ms"
  }

  bucket_options {
    explicit_buckets {
      bounds = [100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 120000, 300000, 600000, 1800000, 3600000, 21600000, 86400000]
    }
  }
}

resource "google_monitoring_dashboard" "dashboard" {
  project        = var.project_id
  dashboard_json = jsonencode(merge(local.dashboard, { mosaicLayout = merge(local.layout, { tiles = local.tiles }) }))

  depends_on = [google_logging_metric.events, google_logging_metric.states, google_logging_metric.publish_to_import]
}

output "dashboard_url" {
  description = "The address of the dashboard."
  value       = "https://console.cloud.google.com/monitoring/dashboards/builder/${element(split("/", google_monitoring_dashboard.dashboard.id), 3)}?project=${var.project_id}"
}
