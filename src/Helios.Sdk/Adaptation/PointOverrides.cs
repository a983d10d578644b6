using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Profiling;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Adaptation;

/// <summary>Finds and claims the point that a request insists on: full depth, a pinned model, a quality.</summary>
internal sealed class PointOverrides(ModelPool pool, Routes routes, Profiles profiles, Task ready, ExitPolicyCatalog policies)
{
    /// <summary>Completes when the first model serves.</summary>
    public Task Ready => ready;

    /// <summary>Whether a request does not take whatever serves.</summary>
    public static bool Insists(GenerationRequest request) => request is not { Model: null, FullDepth: false, MaxQualityGap: null };

    /// <summary>
    /// The point's route and a claim on it, which the caller owns; null when the request takes whatever serves. A point that
    /// serves already is claimed too: by the time the request runs, another may serve, or a candidate be under evaluation.
    /// </summary>
    /// <exception cref="HeliosException">It cannot be loaded, or does not fit the budget beside the active point.</exception>
    public async ValueTask<(Route Route, ModelLease Lease)?> ResolveAsync(GenerationRequest request, CancellationToken cancellationToken)
    {
        if (!Insists(request)) return null;
        await ready.WaitAsync(cancellationToken).ConfigureAwait(false);
        var serving = routes.Current!.Serving;
        var point = Choose(request, serving.Point);
        if (point == serving.Point && serving.Lease.TryShare() is { } shared) return (serving, shared);

        var result = await pool.AcquireAsync(point.Target, progress: null, cancellationToken).ConfigureAwait(false);
        return result switch
        {
            AcquireResult.Acquired { Lease: ModelLease lease } => (new Route(point, lease, policies.Find(point.ExitPolicy)), lease),
            AcquireResult.NoRoom room => throw new HeliosException(Invariant($"{point} does not fit the memory budget beside the active point: {room.NeededBytes} bytes are needed, {room.FreeBytes} are available.")),
            AcquireResult.BackingOff wait => throw new HeliosException(Invariant($"{point} could not be loaded and is tried again in {wait.RetryAfter.TotalSeconds:0.#} s: {wait.Reason}")),
            AcquireResult.Failed failed => throw new HeliosException($"{point} could not be loaded: {failed.Error.Message}", failed.Error),
            _ => throw new InvalidOperationException($"Unknown result {result}."),
        };
    }

    private OperatingPoint Choose(GenerationRequest request, OperatingPoint serving)
    {
        if (request.FullDepth) return Full(request.Model ?? serving.Target.Model, serving);
        if (request.MaxQualityGap is { } gap) return WithinGap(request.Model, gap, serving);
        return request.Model == serving.Target.Model ? serving : Full(request.Model!, serving);
    }

    /// <summary>The active point if it is good enough, else the point that is quickest alone, else the best whole model.</summary>
    private OperatingPoint WithinGap(string? model, double gap, OperatingPoint serving)
    {
        var known = profiles.Latest.Where(profile => model is null || profile.Point.Target.Model == model).ToList();
        var good = known.Where(profile => profile.QualityGap <= gap).ToList();
        if (good.Exists(profile => profile.Point == serving)) return serving;
        if (good.MinBy(profile => profile.AloneTpotMs) is { } quickest) return quickest.Point;
        var best = known.Where(profile => profile is { IsFullDepth: true, BitsPerByte: not null }).MinBy(profile => profile.BitsPerByte);
        return Full(best?.Point.Target.Model ?? model ?? serving.Target.Model, serving);
    }

    /// <summary>The whole model; as it serves if it does, for drafts change nothing.</summary>
    private OperatingPoint Full(string model, OperatingPoint serving)
    {
        var whole = new OperatingPoint(new LoadTarget(model, pool.Find(model).Info.Architecture.Layers));
        return whole == serving with { DraftDepth = null } ? serving : whole;
    }
}
