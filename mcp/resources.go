package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"exeat/approvals"
	"exeat/mcp/tool"
)

func (h *host) addResources(s *server.MCPServer) {
	s.AddResourceTemplate(
		mcp.NewResourceTemplate("exeat://{sandbox}/policy", "policy", mcp.WithTemplateDescription("The policy of a sandbox"), mcp.WithTemplateMIMEType("application/yaml")),
		h.policyResource)
	s.AddResourceTemplate(
		mcp.NewResourceTemplate("exeat://proposals/{id}", "proposal", mcp.WithTemplateDescription("A proposal and what became of it"), mcp.WithTemplateMIMEType("application/json")),
		h.proposalResource)
}

func (h *host) policyResource(ctx context.Context, r mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
	name := strings.TrimSuffix(strings.TrimPrefix(r.Params.URI, "exeat://"), "/policy")
	info, problem := h.sandbox(ctx, name)
	if problem != nil {
		return nil, problem
	}
	rev, err := h.Boxes.Store.LatestRevision(ctx, info.ID)
	if err != nil {
		return nil, err
	}
	return []mcp.ResourceContents{mcp.TextResourceContents{URI: r.Params.URI, MIMEType: "application/yaml", Text: wholeOrCut(string(rev.Text))}}, nil
}

// resourceBudget is how much of a text one resource holds, in bytes of JSON.
const resourceBudget = 8 << 10

func wholeOrCut(text string) string {
	if short := tool.Cut(text, resourceBudget); len(short) < len(text) {
		return short + "\n# cut here: the tool get_policy has the rest\n"
	}
	return text
}

// proposal is a proposal, with what its proposer says of it set apart.
type proposal struct {
	filed
	Sandbox   string `json:"sandbox"`
	Base      int    `json:"base_revision"`
	Revision  int    `json:"revision,omitempty"`
	Comment   string `json:"comment,omitempty"`
	Untrusted struct {
		Reason   string `json:"reason"`
		Proposer string `json:"proposer"`
	} `json:"untrusted"`
}

func newProposal(r approvals.Review) proposal {
	p := proposal{filed: newFiled(approvals.Filed{Review: r}), Sandbox: r.Sandbox, Base: r.BaseRevision, Revision: r.Revision, Comment: comment(r.Proposal)}
	p.Untrusted.Reason, p.Untrusted.Proposer = tool.Cut(r.Untrusted.Reason, commentBudget), r.Proposer
	return p
}

func (h *host) proposalResource(ctx context.Context, r mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
	text := strings.TrimPrefix(r.Params.URI, "exeat://proposals/")
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is not the number of a proposal", text)
	}
	review, err := h.desk.ShowFiled(ctx, id)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(newProposal(review))
	if err != nil {
		return nil, err
	}
	return []mcp.ResourceContents{mcp.TextResourceContents{URI: r.Params.URI, MIMEType: "application/json", Text: string(body)}}, nil
}

// names completes the argument "sandbox" with the names there are.
type names struct{ *host }

// CompletePromptArgument completes the argument of a prompt.
func (n names) CompletePromptArgument(ctx context.Context, _ string, argument mcp.CompleteArgument, _ mcp.CompleteContext) (*mcp.Completion, error) {
	return n.complete(ctx, argument)
}

// CompleteResourceArgument completes the argument of a resource template.
func (n names) CompleteResourceArgument(ctx context.Context, _ string, argument mcp.CompleteArgument, _ mcp.CompleteContext) (*mcp.Completion, error) {
	return n.complete(ctx, argument)
}

func (n names) complete(ctx context.Context, argument mcp.CompleteArgument) (*mcp.Completion, error) {
	found := &mcp.Completion{Values: []string{}}
	if argument.Name != "sandbox" {
		return found, nil
	}
	all, err := n.Boxes.List(ctx)
	if err != nil {
		return nil, err
	}
	for _, info := range sorted(all) {
		if strings.HasPrefix(info.Name, argument.Value) && len(found.Values) < 100 {
			found.Values = append(found.Values, info.Name)
		}
	}
	return found, nil
}
