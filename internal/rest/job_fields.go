package rest

import (
	"strconv"
	"time"

	"github.com/duoplane/duoplane/internal/record"
)

// A Job is a bulk call as /api/cluster/jobs shows it.
type Job struct {
	UUID, Description, State, Message string
	Code                              int64
	ErrorMessage, ErrorCode           string
	Start, End                        time.Time
}

// snapshot returns the job as it stands; jobs.mu is held.
func (j *job) snapshot() *Job {
	out := &Job{UUID: j.id, Description: j.description, State: j.state, Start: j.start, End: j.end}
	switch j.state {
	case success:
		out.Message = "success"
	case failure:
		r := j.out.result
		out.Message, out.ErrorMessage, out.ErrorCode = r.message, r.message, r.number
		out.Code, _ = strconv.ParseInt(r.number, 10, 64) // the numbers are those of the table in errors.go
	}
	return out
}

// jobResource declares /api/cluster/jobs.
func jobResource(js *jobs) Mounted {
	return Resource[Job]{
		Path:       jobsPath,
		Schema:     record.NewSchema("job", jobFields...),
		Reader:     js,
		Operations: Operations{List: "job_collection_get", Read: "job_get"},
		Tag:        "Cluster", Title: "jobs",
		Doc: "Bulk calls at work. A job can be read until 300 seconds after its end, and no longer than the server runs.",
	}
}

var jobFields = []record.Field[Job]{
	{
		Path: "uuid", Kind: record.UUID, Use: record.Key | record.ReadOnly,
		Doc: "Identity of the job.", Example: "5d0cf2ae-3b70-11f0-9d44-d039ea4b1c20",
		Get: func(j *Job) record.Value { return record.Text(j.UUID) },
	},
	{
		Path: "description", Kind: record.String, Use: record.ReadOnly,
		Doc: "Method and path of the call that began the job.", Example: "POST /api/security/authentication/duo/groups",
		Get: func(j *Job) record.Value { return record.Text(j.Description) },
	},
	{
		Path: "state", Kind: record.Enum, Use: record.ReadOnly, Enum: []string{queued, running, "paused", success, failure},
		Doc: "How far the job is. \"paused\" does not occur here.", Example: success,
		Get: func(j *Job) record.Value { return record.Text(j.State) },
	},
	{
		Path: "message", Kind: record.String, Use: record.ReadOnly,
		Doc: "What has become of the job.", Example: "success",
		Get: func(j *Job) record.Value { return record.Text(j.Message) },
	},
	{
		Path: "code", Kind: record.Int, Use: record.ReadOnly,
		Doc: "0, or the number of the error.", Example: "0",
		Get: func(j *Job) record.Value { return record.Integer(j.Code) },
	},
	{
		Path: "error.message", Kind: record.String, Use: record.ReadOnly,
		Doc: "Why the job failed.", Example: `POST of record "name: operators" failed. Reason: duplicate entry`,
		Get: func(j *Job) record.Value { return record.Text(j.ErrorMessage) },
	},
	{
		Path: "error.code", Kind: record.String, Use: record.ReadOnly,
		Doc: "The number of the error, as text.", Example: "262287",
		Get: func(j *Job) record.Value { return record.Text(j.ErrorCode) },
	},
	{
		Path: "start_time", Kind: record.Time, Use: record.ReadOnly,
		Doc: "When the job was taken.", Example: "2026-02-03T04:05:06Z",
		Get: func(j *Job) record.Value { return record.Instant(j.Start) },
	},
	{
		Path: "end_time", Kind: record.Time, Use: record.ReadOnly,
		Doc: "When it ended.", Example: "2026-02-03T04:05:07Z",
		Get: func(j *Job) record.Value { return record.Instant(j.End) },
	},
}
