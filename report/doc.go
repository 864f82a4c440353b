// Package report shows executions to people, each as one HTML file.
//
// For most uses, make a [Report] of an execution that has ended, and write it:
//
//	out, _ := runner.NewSync(plan).Run(ctx, order)
//	err := report.New(plan, out.Context, report.Before(order)).WriteHTML(file)
//
// The page has the plan as a graph, coloured by what became of each step; a
// timeline of each run with its attempts, waits and compensations to scale; each
// failure with the errors of all its attempts and the stack of a panic; the data
// before and after; the metadata and the trace. [WriteOverview] makes a page over
// many executions: what is stuck, where failures come from, and links to their
// reports.
//
// A page needs no script and loads nothing, is dark or light as its reader likes,
// and prints. It may be sent to somebody or kept beside a ticket. So mind what
// is in it: [WithoutData] leaves the data and the metadata out, and of errors
// there is what the runner's WithErrorText lets be seen. A stack has names of
// functions and files, and no values.
//
// A Report is a picture of one moment and does not change; it is safe for
// concurrent use. The zero Report has nothing to show, and WriteHTML says so.
// Data that JSON can't hold is no error: the page says why it is not shown. The
// errors there are, are those of the writer.
package report
