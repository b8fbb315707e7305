# A private service whose dead letters are files in a bucket.

provider "google" {}

provider "google-beta" {}

module "mixpanel" {
  source = "../.."

  project_id            = "my-project"
  region                = "europe-west1"
  topic                 = "events"
  image                 = "europe-west1-docker.pkg.dev/my-project/pubsub-mixpanel/pubsub-mixpanel:0.2.0"
  mixpanel_region       = "eu"
  mixpanel_token_secret = "mixpanel-project-token"
  auth                  = "cloud-run-iam"
  dead_letter           = { kind = "bucket", name = "my-project-dead-letters" }
}

output "doctor" {
  value = module.mixpanel.doctor
}
