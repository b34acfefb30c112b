package store

import (
	"context"
	"strings"
)

// selection is a query for decisions of one file, from all of its tables as of one moment.
type selection struct {
	db         *database
	index      string // INDEXED BY, of the table of decisions
	conditions string // after WHERE
	args       []any  // of the conditions
	order      string // of ids: "" or " DESC"
	limit      int
	noAllowed  bool // what the table of allowed decisions has cannot be among them
}

// statement merges what the tables have, in the order of ids.
func (s selection) statement() statement {
	st := prepare(`SELECT `+s.db.columns()+` FROM decisions `+s.index+` WHERE `+s.conditions, s.args...)
	if !s.noAllowed && s.db.version >= allowedSchema {
		st.text += ` UNION ALL SELECT ` + allowanceColumns + ` FROM allowances WHERE ` + s.conditions
		st.args = append(st.args, s.args...)
	}
	return prepare(st.text+` ORDER BY id`+s.order+` LIMIT ?`, append(st.args, s.limit)...)
}

// allowanceColumns are those of what was allowed and has not failed.
const allowanceColumns = firstColumns + `, tainted, ''`

// columns are those of a file's table of decisions. One that was full before an upgrade stays as it is.
func (d *database) columns() string {
	switch {
	case d.version < taintedSchema:
		return firstColumns + `, '', ''`
	case d.version < failedSchema:
		return firstColumns + `, tainted, ''`
	}
	return decisionColumns
}

// spans are the tables with ids and times.
func (d *database) spans() []string {
	if d.version > 0 && d.version < allowedSchema {
		return []string{"decisions"}
	}
	return []string{"decisions", "allowed"}
}

// fromEach runs a SELECT on each table, whose name takes the place of "?t".
func (d *database) fromEach(text string) string {
	var parts []string
	for _, table := range d.spans() {
		parts = append(parts, `SELECT * FROM (`+strings.ReplaceAll(text, "?t", table)+`)`)
	}
	return strings.Join(parts, ` UNION ALL `)
}

// span returns the lowest and the highest id in a file, 0 where there is none.
func (d *database) span(ctx context.Context) (low, high int64, err error) {
	each := d.fromEach(`SELECT (SELECT min(id) FROM ?t) AS low, (SELECT max(id) FROM ?t) AS high`)
	err = d.pool.QueryRowContext(ctx, `SELECT coalesce(min(low), 0), coalesce(max(high), 0) FROM (`+each+`)`).Scan(&low, &high)
	return low, high, err
}
