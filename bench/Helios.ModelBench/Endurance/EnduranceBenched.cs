using System.Collections.Immutable;
using Helios.Cli.Output;
using Spectre.Console;

namespace Helios.ModelBench.Endurance;

/// <summary>What <c>endurance</c> prints.</summary>
internal sealed record EnduranceBenched
{
    public required long Requests { get; init; }

    public required double Seconds { get; init; }

    /// <summary>Requests that got a whole answer, every one of which was judged.</summary>
    public required long Answered { get; init; }

    /// <summary>Streams that their client left after some tokens.</summary>
    public required long Left { get; init; }

    public required long Cancelled { get; init; }

    /// <summary>Requests that the engine turned away.</summary>
    public required long Rejected { get; init; }

    /// <summary>Requests that insisted on a point whose load was made to fail, or whose budget was made smaller.</summary>
    public required long Unloaded { get; init; }

    public required int Failed { get; init; }

    /// <summary>Requests that never ended.</summary>
    public required long Lost { get; init; }

    /// <summary>Answers that are not what their model says.</summary>
    public required int WrongAnswers { get; init; }

    /// <summary>Tokens that clients received.</summary>
    public required long Tokens { get; init; }

    public required long Preemptions { get; init; }

    /// <summary>How often the active point changed.</summary>
    public required int Changes { get; init; }

    /// <summary>Changes of floors and memory budget that took effect.</summary>
    public required int Disturbances { get; init; }

    /// <summary>Loads of a part that were made to fail.</summary>
    public required int FailedLoads { get; init; }

    /// <summary>KV slabs that were not allocated.</summary>
    public required int FailedSlabs { get; init; }

    /// <summary>Bytes of the managed heap, collected, after each quarter of the requests.</summary>
    public required ImmutableArray<long> HeapBytes { get; init; }

    public required long ResidentMiddleBytes { get; init; }

    public required long ResidentEndBytes { get; init; }

    /// <summary>Bytes of the budget after the engine was disposed.</summary>
    public required long LeftBytes { get; init; }

    /// <summary>What went wrong; empty when nothing did.</summary>
    public required ImmutableArray<string> Wrong { get; init; }
}

/// <summary>An endurance run for people.</summary>
internal static class EnduranceTables
{
    public static Table Of(EnduranceBenched result) => Tables.Facts(
        ("requests", $"{Units.Count(result.Requests)} in {Units.Number(result.Seconds, "0")} s: {Units.Count(result.Answered)} answered, {Units.Count(result.Left)} left, {Units.Count(result.Cancelled)} cancelled, {Units.Count(result.Rejected)} turned away, {Units.Count(result.Unloaded)} insisted on what could not be loaded, {Units.Count(result.Failed)} failed otherwise"),
        ("lost, wrong", $"{Units.Count(result.Lost)} lost, {Units.Count(result.WrongAnswers)} wrong"),
        ("tokens", Units.Count(result.Tokens)),
        ("preemptions", Units.Count(result.Preemptions)),
        ("changes", $"{Units.Count(result.Changes)} of the active point, {Units.Count(result.Disturbances)} of floors and budget"),
        ("faults", $"{Units.Count(result.FailedLoads)} loads, {Units.Count(result.FailedSlabs)} slabs"),
        ("managed heap", string.Join(", ", result.HeapBytes.Select(Units.Bytes)) + " after each quarter"),
        ("resident", $"{Units.Bytes(result.ResidentMiddleBytes)} in the middle, {Units.Bytes(result.ResidentEndBytes)} at the end"),
        ("left behind", $"{Units.Bytes(result.LeftBytes)} of the budget"),
        ("wrong", result.Wrong.IsEmpty ? "nothing" : string.Join(Environment.NewLine, result.Wrong)));
}
