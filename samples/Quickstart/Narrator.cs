using System.Collections.Concurrent;
using Helios.Sdk;
using Spectre.Console;

namespace Quickstart;

/// <summary>Narrates what the adaptation loop does. What happens is kept until the screen is free for it.</summary>
internal sealed class Narrator(Screen screen)
{
    private readonly ConcurrentQueue<AdaptationEvent> unwritten = new();

    /// <summary>Takes note of an event, on any thread: what <see cref="HeliosEngine.Observe"/> calls.</summary>
    public void Note(AdaptationEvent happened) => unwritten.Enqueue(happened);

    /// <summary>Writes what was noted since the last call.</summary>
    public void Write()
    {
        while (unwritten.TryDequeue(out var happened)) Write(happened);
    }

    private void Write(AdaptationEvent happened)
    {
        switch (happened)
        {
            case AdaptationEvent.Evaluated e:
                screen.Say("evaluated", $"[bold]{e.Model}[/] in {Format.Time(e.Took)}", Color.Blue);
                screen.Write(ProfileTable.Render(e.Profiles));
                break;
            case AdaptationEvent.Selected { Decision: var decision }:
                screen.Say("selected", $"[bold]{decision.Chosen}[/] instead of {decision.Previous}: {Why(decision)}", Color.Green);
                if (decision.Trigger == AdaptationTrigger.Start) WriteRefused(decision);
                break;
            case AdaptationEvent.Loaded e:
                screen.Say("loaded", $"{e.Target}: {Format.Bytes(e.Bytes)} in {Format.Time(e.Took)}");
                break;
            case AdaptationEvent.LoadFailed e:
                screen.Say("not loaded", $"{e.Target}: {e.Reason.EscapeMarkup()}", Color.Red);
                break;
            case AdaptationEvent.Breach e:
                screen.Say("breach", $"{e.Breaches} of {e.Window} tokens at {e.Point} were under the confidence target", Color.Yellow);
                break;
            case AdaptationEvent.Deepened { Decision: var decision }:
                screen.Say("deepened", $"[bold]{decision.Chosen}[/] takes new requests from now on", Color.Green);
                break;
            case AdaptationEvent.Switched { Decision: var decision }:
                screen.Say("switched", $"[bold]{decision.Chosen}[/] takes new requests from now on", Color.Green);
                break;
            case AdaptationEvent.Stayed { Decision: var decision }:
                screen.Say("stayed", $"{decision.Chosen}: {Why(decision)}");
                break;
            case AdaptationEvent.Reassessed { Decision: { Act: AdaptationAct.Keep } decision }:
                screen.Say("reassessed", $"{decision.Chosen}: {Why(decision)}");
                break;
        }
    }

    private void WriteRefused(AdaptationDecision decision)
    {
        foreach (var point in decision.Considered)
        {
            if (point.InfeasibleBecause is { } because) screen.Say("", $"[grey]not {point.Point}: {because.EscapeMarkup()}[/]");
        }
    }

    private static string Why(AdaptationDecision decision) =>
        decision.Reason.EscapeMarkup() + (decision.Degraded ? " [red](degraded)[/]" : "");
}
