package approvals

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"exeat/approvals/risk"
	"exeat/policy"
	"exeat/policy/diff"
	"exeat/store"
)

// Review is what a human has to see before deciding: what changes, what that
// permits, what speaks against it, and, apart from all that, what the proposer
// says about it. Candidate is what will be signed, to the byte.
type Review struct {
	Proposal
	Diff       string         `json:"diff"`    // canonical texts, base to candidate
	Permits    []string       `json:"permits"` // none of the lists is nil: JSON readers expect arrays
	Withdrawn  []string       `json:"no_longer_permitted"`
	Findings   []risk.Finding `json:"findings"`
	WouldAllow []int64        `json:"would_allow"`        // recorded denials that the candidate allows and the base does not
	Rejected   []Earlier      `json:"rejected,omitempty"` // earlier proposals that asked for some of the same
	Short      string         `json:"short_digest"`
	Candidate  []byte         `json:"-"`
}

// Earlier is a rejected proposal that asked for some of the same.
type Earlier struct {
	ID      int64  `json:"id"`
	Comment string `json:"comment"`
}

// Show reviews a stored proposal against base, the policy in force.
func (d *Desk) Show(ctx context.Context, id int64, base Base) (Review, error) {
	record, err := d.record(ctx, id)
	if err != nil {
		return Review{}, err
	}
	sandbox, err := d.Store.SandboxByID(ctx, record.Sandbox)
	if err != nil {
		return Review{}, err
	}
	return d.review(ctx, sandbox, record, base)
}

// ShowFiled reviews a proposal, open or decided, against the revision it was
// made for.
func (d *Desk) ShowFiled(ctx context.Context, id int64) (Review, error) {
	record, err := d.record(ctx, id)
	if err != nil {
		return Review{}, err
	}
	revision, err := d.Store.Revision(ctx, record.Sandbox, record.BaseRevision)
	if err != nil {
		return Review{}, err
	}
	base, err := baseOf(revision)
	if err != nil {
		return Review{}, err
	}
	return d.Show(ctx, id, base)
}

// ReviewText reviews a policy that a human wants to put in force without a
// proposal.
func (d *Desk) ReviewText(ctx context.Context, sandbox store.Sandbox, base Base, candidate *policy.Policy) (Review, error) {
	record := store.Proposal{
		Sandbox: sandbox.ID, Status: Pending, BaseRevision: base.Revision, BaseDigest: base.Policy.Digest(),
		Digest: Digest(sandbox.ID, base.Policy.Digest(), candidate.Digest()), Text: candidate.Text(),
		CreatedAt: d.now(), ExpiresAt: d.now().Add(Lifetime),
	}
	return d.review(ctx, sandbox, record, base)
}

// review reads the record's candidate once: what it shows is what it returns.
func (d *Desk) review(ctx context.Context, sandbox store.Sandbox, record store.Proposal, base Base) (Review, error) {
	candidate, err := candidateOf(record)
	if err != nil {
		return Review{}, err
	}
	view, err := d.view(ctx, record)
	if err != nil {
		return Review{}, err
	}
	newest, err := d.Store.LatestRevision(ctx, sandbox.ID)
	if err != nil {
		return Review{}, err
	}
	report := risk.Assess(base.Policy, candidate, credentialed(sandbox.Spec.Under(newest))...)
	r := Review{
		Proposal: view, Permits: append([]string{}, report.Permits...), Findings: append([]risk.Finding{}, report.Findings...),
		Withdrawn: append([]string{}, risk.Withdrawn(base.Policy, candidate)...),
		Short:     ShortDigest(record.Digest), Candidate: bytes.Clone(record.Text),
		Diff: diff.Text(fmt.Sprintf("revision %d", base.Revision), candidateName(record.ID), base.Policy.Text(), record.Text),
	}
	r.Findings = append(r.Findings, newNotices(sandbox, base.Policy, candidate, report.Findings)...)
	if r.WouldAllow, err = d.wouldAllow(ctx, sandbox, base.Policy, candidate); err != nil {
		return Review{}, err
	}
	r.Rejected, err = d.rejectedBefore(ctx, record, base, report.Permits)
	return r, err
}

func candidateName(id int64) string {
	if id == 0 {
		return "candidate"
	}
	return fmt.Sprintf("proposal %d", id)
}

// candidateOf parses a record's candidate and holds it to the digest it was
// filed under: a record altered after it was filed or shown is refused. So is what a
// supervisor could not put in force once it is signed.
func candidateOf(record store.Proposal) (*policy.Policy, error) {
	p, problems := policy.Parse(candidateName(record.ID), record.Text)
	if p == nil {
		return nil, &Error{Code: CodeInvalid, Message: problems.Error()}
	}
	if !bytes.Equal(p.Text(), record.Text) || Digest(record.Sandbox, record.BaseDigest, p.Digest()) != record.Digest {
		return nil, refuse(CodeChanged, fmt.Sprintf("exeat reject %d --reason altered", record.ID),
			"proposal %d was altered after it was filed: its text does not have its digest", record.ID)
	}
	return p, compiles(p)
}

// credentialed are the hosts whose requests carry a secret of the user's.
func credentialed(spec store.Spec) []string {
	var hosts []string
	for _, provider := range spec.Providers {
		for _, place := range provider.Hosts { // HOST[:PORT][/PATH]
			host, _, _ := strings.Cut(place, "/")
			host, _, _ = strings.Cut(host, ":")
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// recentRejections bounds how many are looked at for a link.
const recentRejections = 20

// rejectedBefore links a proposal to rejected ones that asked for some of the
// same: a rejection must not be forgotten because the next text differs a little.
func (d *Desk) rejectedBefore(ctx context.Context, record store.Proposal, base Base, permits []string) ([]Earlier, error) {
	rejected, err := d.Store.Proposals(ctx, store.ProposalFilter{Sandbox: record.Sandbox, Status: Rejected, Limit: recentRejections})
	if err != nil {
		return nil, err
	}
	asked := map[string]bool{}
	for _, permit := range permits {
		asked[permit] = true
	}
	var out []Earlier
	for _, other := range rejected {
		p, problems := policy.Parse("rejected", other.Text)
		if other.ID == record.ID || problems.HasErrors() {
			continue
		}
		for _, permit := range risk.Assess(base.Policy, p).Permits {
			if asked[permit] {
				out = append(out, Earlier{other.ID, Neutral(other.Comment)})
				break
			}
		}
	}
	return out, nil
}
