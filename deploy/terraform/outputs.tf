output "service_url" {
  description = "The URL of the service."
  value       = google_cloud_run_v2_service.service.uri
}

output "push_service_account" {
  description = "The e-mail address of the service account whose tokens the pushes bear."
  value       = google_service_account.push.email
}

output "subscription" {
  description = "The full name of the push subscription."
  value       = google_pubsub_subscription.events.id
}

output "dead_letter_topic" {
  description = "The full name of the topic of dead letters. Null when a bucket holds them."
  value       = one(google_pubsub_topic.dead_letter[*].id)
}

output "doctor" {
  description = "The command that checks the service and its subscription."
  value       = "pubsub-mixpanel doctor --project ${var.project_id} --subscription ${google_pubsub_subscription.events.name} --service ${google_cloud_run_v2_service.service.name} --region ${var.region}"
}

output "dashboard_url" {
  description = "The address of the dashboard. Null without alerts."
  value       = one(module.monitoring[*].dashboard_url)
}
