using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Backends.Testing.Model;

/// <summary>Checkpoints of other families against what transformers computes with them.</summary>
public abstract class FamilyContract<TBackend> : BackendContract<TBackend>
    where TBackend : BackendUnderTest, new()
{
    private const double LogitTolerance = 1e-4;
    private const double RelativeNllTolerance = 3e-5;

    // Below this the order of two tokens is a matter of rounding.
    private const double LeastGap = 1e-3;

    public static TheoryData<string> Families() => new(Goldens.Folders.Keys);

    [SkippableTheory]
    [MemberData(nameof(Families))]
    public void Every_depth_scores_and_ranks_as_the_reference(string family)
    {
        using var checkpoint = Checkpoint.Open(Goldens.Folders[family]);
        foreach (var golden in Goldens.Read(Goldens.Folders[family]))
        {
            using var session = new Session(Backend, checkpoint, maxRows: 96, precision: Precision.Fp32);
            var rows = golden.Ids.Select((id, i) => new StepRow(id, i, 0, session.Depth) { Length = golden.Ids.Length }).ToArray();
            session.Model.Begin(new StepBatch { Rows = rows, Blocks = session.Table(rows.Length) });
            for (var depth = 1; depth <= session.Depth; depth++)
            {
                session.Model.Run(new LayerRange(depth - 1, depth));
                (Nll(session, golden.Ids) / golden.Nll[depth]).Should().BeApproximately(1, RelativeNllTolerance, $"NLL at depth {depth}");
                MustRank(session, rows.Length - 1, golden.Top[depth], depth);
            }
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Families))]
    public void Greedy_ids_are_those_of_the_reference_at_full_and_at_half_depth(string family)
    {
        using var checkpoint = Checkpoint.Open(Goldens.Folders[family]);
        foreach (var golden in Goldens.Read(Goldens.Folders[family]))
        {
            foreach (var (depth, answer) in golden.Greedy)
            {
                if (answer.MinGap < LeastGap) continue;
                using var session = new Session(Backend, checkpoint, maxRows: 96, precision: Precision.Fp32, depth: depth);
                Generate(session, golden.Ids, answer.Ids.Length).Should().Equal(answer.Ids, $"depth {depth}");
            }
        }
    }

    private static double Nll(Session session, int[] ids)
    {
        var signals = new ExitSignal[ids.Length - 1];
        session.Model.ReadSignals(new ExitCheck { Rows = [.. Enumerable.Range(0, signals.Length)], Needs = ExitSignals.None, Targets = ids.AsSpan(1) }, signals);
        return -signals.Sum(signal => (double)signal.TargetLogProbability);
    }

    private static void MustRank(Session session, int row, GoldenLogits expected, int depth)
    {
        var likeliest = new TokenLogProbability[expected.Ids.Length];
        session.Model.Sample([new SampleRow(row, 0, 0, 1, 0, ExitSignals.None) { Likeliest = likeliest }], new SampledToken[1]);
        likeliest[0].TokenId.Should().Be(expected.Ids[0], $"depth {depth}");
        for (var i = 0; i < likeliest.Length; i++)
        {
            // Log probabilities differ from logits by a number that all share.
            var found = likeliest.Single(token => token.TokenId == expected.Ids[i] || i == likeliest.Length - 1 && token == likeliest[^1]);
            (found.LogProbability - likeliest[0].LogProbability).Should().BeApproximately((float)(expected.Logits[i] - expected.Logits[0]), (float)LogitTolerance, $"logit {i} at depth {depth}");
        }
    }

    private static List<int> Generate(Session session, int[] prompt, int count)
    {
        var table = session.Table(prompt.Length + count);
        var answer = new List<int>();
        session.Run(table, prompt.AsSpan(0, prompt.Length - 1), 0);
        for (var (token, position) = (prompt[^1], prompt.Length - 1); answer.Count < count; position++)
        {
            session.DropBehind(table, position);
            session.Model.Begin(new StepBatch { Rows = [new StepRow(token, position, 0, session.Depth)], Blocks = table });
            session.Model.Run(LayerRange.To(session.Depth));
            answer.Add(token = session.Greedy(1)[0].TokenId);
        }

        return answer;
    }
}
