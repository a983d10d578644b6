using Helios.Cli.Events;
using Helios.Cli.Output;
using Spectre.Console;

namespace Helios.Cli.Running;

/// <summary>A run for people: a line for what matters as it happens, and a table at the end.</summary>
internal static class RunTables
{
    /// <summary>An event as a line; null for those that would only flood the screen.</summary>
    public static string? Markup(EventLine line) => What(line) is { } what
        ? Invariant($"[grey]{line.AtMs / 1000,8:0.00} s[/] [{Color(line.Event)}]{line.Event}[/] {Spectre.Console.Markup.Escape(what)}")
        : null;

    public static Table Of(SummaryLine summary) => Tables.Facts(
        ("requests", Invariant($"{summary.Requests}, {summary.Failed} of them failed, {summary.Rejected} refused")),
        ("tokens", $"{Units.Count(summary.Tokens)}, {Units.Number(summary.ThroughputTps, "0.0")} per second"),
        ("first token", $"{Of(summary.TtftMs)} ms (p50, p95, p99)"),
        ("each further token", $"{Of(summary.TpotMs)} ms (p50, p95, p99)"),
        ("energy", Energy(summary)),
        ("peak memory", Units.Bytes(summary.PeakBytes)),
        ("largest batch", Units.Count(summary.MaxBatch)),
        ("mean depth", Units.Number(summary.MeanDepth, "0.00")),
        ("agreement with full depth", Units.Number(summary.Agreement, "0.0000")),
        ("quality gap", summary.QualityGapBitsPerByte is { } gap ? $"{Units.Number(gap, "0.0000")} bits per byte" : "-"),
        ("changes", string.Join(Environment.NewLine, summary.Changes.Select(change => Invariant($"{change.AtMs / 1000:0.0} s: {change.From} to {change.To} ({change.Trigger})")))));

    private static string Energy(SummaryLine summary) => summary.JoulesPerToken is { } joules
        ? $"{Units.Number(joules, "0.0000")} J per token ({summary.EnergySource})"
        : $"not known: {summary.EnergyUnavailableBecause}";

    private static string? What(EventLine line) => line switch
    {
        EvaluatedLine e => $"{e.Model}: {string.Join("; ", e.Profiles.Select(Profile))}",
        DecisionLine { NotCarriedOutBecause: { } because } e => $"{e.To} could not be loaded: {because}",
        DecisionLine e => e.From is null || e.From == e.To ? $"{e.To}: {e.Reason}" : $"{e.From} to {e.To}: {e.Reason}",
        LoadLine { Reason: { } reason } e => Invariant($"{e.Model}@{e.Depth}: {reason}"),
        LoadLine e => Invariant($"{e.Model}@{e.Depth}, {Units.Bytes(e.Bytes ?? 0)}"),
        EvaluationFailedLine e => $"{e.Model}: {e.Reason}",
        ObjectiveFailedLine e => e.Reason,
        BreachLine e => Invariant($"{e.Model}@{e.Depth}: {e.Breaches} breaches in {e.Window} tokens"),
        QualityBreachLine e => Invariant($"{e.Model}@{e.Depth}: {e.Reason}, after {Units.Count(e.ServedTokens)} served and {Units.Count(e.ScoredTokens)} scored tokens"),
        UnservedLine e => Invariant($"request {e.Request}: {e.Reason}"),
        _ => null,
    };

    private static string Profile(ProfileLine profile) =>
        Invariant($"depth {profile.Depth} {Units.Number(profile.Throughput, "0")} tok/s, gap {Units.Number(profile.QualityGap, "0.000")}, agreement {Units.Number(profile.Agreement, "0.00")}");

    private static string Of(Percentiles times) =>
        $"{Units.Number(times.P50, "0.0")} / {Units.Number(times.P95, "0.0")} / {Units.Number(times.P99, "0.0")}";

    private static string Color(string kind) => kind switch
    {
        "failed" or "rejected" or "loadfailed" or "evaluationfailed" or "objectivefailed" or "notcarriedout" => "red",
        "breach" => "yellow",
        "selected" or "deepened" or "switched" => "green",
        _ => "blue",
    };
}
