using Helios.Cli.Engines;
using Helios.Cli.Events;
using Helios.Sdk;

namespace Helios.Cli.Running;

/// <summary>What became of requests, as lines of a run's output.</summary>
internal static class RequestLines
{
    public static CompletedLine Completed(Served served, double atMs)
    {
        var result = served.Result;
        var point = served.Point;
        return new CompletedLine(
            "completed",
            atMs,
            served.Arrival.Request,
            served.Arrival.Prompt.Tenant,
            point.Target.Model,
            point.Target.Depth,
            point.ExitPolicy,
            result.PromptIds.Count,
            result.TokenIds.Count,
            Answer.NameOf(result.FinishReason),
            served.TimeToFirstToken.TotalMilliseconds,
            result.TimePerOutputToken.TotalMilliseconds,
            served.Arrival.AtMs,
            served.Arrival.IsWarmUp);
    }

    public static UnservedLine Unserved(Unserved unserved, double atMs) => new(
        unserved.IsRejected ? "rejected" : "failed",
        atMs,
        unserved.Arrival.Request,
        unserved.Arrival.Prompt.Tenant,
        unserved.Reason,
        unserved.Arrival.AtMs,
        unserved.Arrival.IsWarmUp);
}
