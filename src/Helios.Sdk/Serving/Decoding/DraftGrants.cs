using Helios.Sdk.Serving.Drafting;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Scheduling;

namespace Helios.Sdk.Serving.Decoding;

/// <summary>
/// Gives sequences that decode on a lossless route room to draft, from what a plan has left: rows in even shares, and KV
/// blocks as far as there are any. No request waits or gives way for a draft.
/// </summary>
internal sealed class DraftGrants(BlockPool blocks)
{
    private long step;

    /// <summary>Sets <see cref="PlannedRows.Drafts"/> in a plan.</summary>
    public void Give(List<PlannedRows> plan, int rowsLeft)
    {
        step++;
        foreach (var rows in plan) rows.Sequence.Route!.Drafts?.Plan(step);
        var drafting = 0;
        foreach (var rows in plan) drafting += MayDraft(rows) ? 1 : 0;
        for (var i = 0; drafting > 0; i++)
        {
            if (!MayDraft(plan[i])) continue;
            var drafts = Fit(plan[i].Sequence, Math.Min(DraftControl.Most, rowsLeft / drafting));
            plan[i] = plan[i] with { Drafts = drafts };
            rowsLeft -= drafts;
            drafting--;
        }
    }

    private static bool MayDraft(in PlannedRows rows) =>
        rows.Sequence.Route!.Drafts is { IsDrafting: true } && rows.Count == 1 && rows.Samples;

    private int Fit(Sequence sequence, int wanted)
    {
        // The last token of an answer is sampled, but never run.
        var drafts = Math.Min(wanted, sequence.MaxTokens - sequence.Answer.Length - 1);
        if (drafts <= 0) return 0;
        var (kv, end) = (sequence.Kv!, sequence.Known + drafts);
        return kv.TryGrow(blocks, sequence.Computed, end, end)
            ? drafts
            : Math.Min(drafts, kv.Tokens(blocks) - sequence.Known);
    }
}
