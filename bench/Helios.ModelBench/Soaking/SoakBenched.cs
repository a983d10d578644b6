using System.Collections.Immutable;
using Helios.Cli.Output;
using Spectre.Console;

namespace Helios.ModelBench.Soaking;

/// <summary>What <c>soak</c> prints.</summary>
internal sealed record SoakBenched
{
    public ImmutableArray<string> Models { get; init; }

    public required string Device { get; init; }

    public double Minutes { get; init; }

    public long BudgetBytes { get; init; }

    public int Requests { get; init; }

    /// <summary>Requests that their client cancelled, or left before the end.</summary>
    public int Cancelled { get; init; }

    /// <summary>Requests that the engine turned away.</summary>
    public int Rejected { get; init; }

    public int Failed { get; init; }

    /// <summary>Tokens that clients received.</summary>
    public long Tokens { get; init; }

    public long Preemptions { get; init; }

    /// <summary>How often the adaptation loop changed the active point.</summary>
    public int Changes { get; init; }

    /// <summary>Operating points of the streams that were compared.</summary>
    public ImmutableArray<string> Points { get; init; }

    /// <summary>Streams that ended, or that their client left after a few tokens.</summary>
    public int Ended { get; init; }

    /// <summary>Those of them that were compared with the same request alone.</summary>
    public int Checked { get; init; }

    /// <summary>Those of them that differ, which is wrong on the backend cpu; torch is exact up to near-ties.</summary>
    public int Different { get; init; }

    /// <summary>Bytes of KV blocks in use at the end.</summary>
    public long KvUsedBytes { get; init; }

    /// <summary>Bytes of the budget at the end that are neither loaded weights nor KV slabs.</summary>
    public long StrayBytes { get; init; }

    /// <summary>Native bytes after the engine was disposed.</summary>
    public long NativeBytes { get; init; }

    public long ResidentMiddleBytes { get; init; }

    public long ResidentEndBytes { get; init; }

    /// <summary>The end may be this many times the middle; judged from a minute on.</summary>
    public double MostGrowth { get; init; }

    /// <summary>What went wrong; empty when nothing did.</summary>
    public ImmutableArray<string> Wrong { get; init; }
}

/// <summary>A soak for people.</summary>
internal static class SoakTables
{
    public static Table Of(SoakBenched result) => Tables.Facts(
        ("models", $"{string.Join(", ", result.Models)}, {result.Device}, budget {Units.Bytes(result.BudgetBytes)}"),
        ("requests", $"{Units.Count(result.Requests)} in {Units.Number(result.Minutes)} minutes: {Units.Count(result.Cancelled)} cancelled, {Units.Count(result.Rejected)} turned away, {Units.Count(result.Failed)} failed"),
        ("tokens", Units.Count(result.Tokens)),
        ("preemptions", Units.Count(result.Preemptions)),
        ("changes of the active point", Units.Count(result.Changes)),
        ("operating points", string.Join(", ", result.Points)),
        ("compared with alone", $"{Units.Count(result.Checked)} of {Units.Count(result.Ended)} streams, {Units.Count(result.Different)} differ"),
        ("left behind", $"{Units.Bytes(result.KvUsedBytes)} of KV blocks, {Units.Bytes(result.StrayBytes)} of the budget, {Units.Bytes(result.NativeBytes)} native after dispose"),
        ("resident", $"{Units.Bytes(result.ResidentMiddleBytes)} in the middle, {Units.Bytes(result.ResidentEndBytes)} at the end (at most {Units.Number(result.MostGrowth)} times)"),
        ("wrong", result.Wrong.IsEmpty ? "nothing" : string.Join(Environment.NewLine, result.Wrong)));
}
