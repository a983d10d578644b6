using System.Collections.Immutable;
using Helios.Sdk;
using Helios.Sdk.Models;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;

namespace Quickstart;

/// <summary>Runs the workload on an engine, in front of an audience.</summary>
internal static class Show
{
    /// <summary>Starts the engine, runs every phase, and stops the engine.</summary>
    /// <param name="services">With the engine that <c>AddHelios</c> added.</param>
    /// <param name="workload">What is run.</param>
    /// <param name="screen">Where it is shown.</param>
    public static async Task<RunReport> RunAsync(IServiceCollection services, Workload workload, Screen screen)
    {
        await using var provider = services.BuildServiceProvider();
        var engine = provider.GetRequiredService<HeliosEngine>();
        await engine.Ready;
        return await RunAsync(engine, workload, screen, tick: null, meanwhile: _ => Task.CompletedTask);
    }

    /// <summary>The same, telling what the engine decides, and with one more request in each phase whose answer is shown as it comes.</summary>
    /// <inheritdoc cref="RunAsync(IServiceCollection, Workload, Screen)"/>
    public static async Task<RunReport> NarrateAsync(IServiceCollection services, Workload workload, Screen screen)
    {
        await using var provider = services.BuildServiceProvider();
        var engine = provider.GetRequiredService<HeliosEngine>();
        var narrator = new Narrator(screen);
        using var watching = engine.Observe(narrator.Note);
        await engine.Ready;
        Introduce(engine.Pool.Snapshot, screen);
        return await RunAsync(engine, workload, screen, narrator.Write, phase => StreamAsync(engine, workload.RequestFor(phase.Texts[^1]), screen));
    }

    private static async Task<RunReport> RunAsync(HeliosEngine engine, Workload workload, Screen screen, Action? tick, Func<Prompts, Task> meanwhile)
    {
        var phases = ImmutableArray.CreateBuilder<PhaseReport>();
        foreach (var phase in workload.Phases)
        {
            var answered = 0;
            var running = workload.RunAsync(engine, phase, () => Interlocked.Increment(ref answered));
            await meanwhile(phase);
            var report = await screen.WaitAsync(phase.Kind, running, () => (double)answered / workload.RequestsPerPhase, tick);
            tick?.Invoke();
            Summarize(report, screen);
            phases.Add(report);
        }

        return new RunReport(phases.ToImmutable(), engine.Snapshot.PeakBatch);
    }

    private static void Introduce(PoolSnapshot pool, Screen screen)
    {
        foreach (var model in pool.Models)
        {
            var layers = model.Info.Architecture.Layers;
            var exits = string.Join(", ", model.Info.Exits.Select(exit => exit.Depth));
            screen.Say("model", $"[bold]{model.Info.Name}[/]: {layers} layers, {Format.Bytes(model.Size.ToDepth(layers))}, exits after {exits}", Color.Blue);
        }
    }

    private static void Summarize(PhaseReport report, Screen screen)
    {
        var points = string.Join(", ", report.Points.Select(served => $"{served.Point} {served.Share:0%}"));
        screen.Say(report.Kind, $"[bold]{report.TokensPerSecond:0} tok/s[/]: {report.Tokens} tokens in {Format.Time(report.Took)}; {points}", Color.Aqua);
    }

    private static async Task StreamAsync(HeliosEngine engine, GenerationRequest request, Screen screen)
    {
        var paper = new Typewriter(screen);
        paper.Write(request.Prompt!, Color.Grey);
        var depths = new List<int>();
        var started = TimeProvider.System.GetTimestamp();
        await foreach (var update in engine.StreamAsync(request))
        {
            paper.Write(update.Text, Style.Plain);
            if (update.TokenId is not null) depths.Add(update.ExitDepth);
        }

        paper.End(Style.Plain);
        var took = TimeProvider.System.GetElapsedTime(started);
        screen.Say("", $"[grey]{depths.Count} tokens in {Format.Time(took)}, each after {string.Join(" or ", depths.Distinct().Order())} layers[/]");
    }
}
