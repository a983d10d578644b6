using System.Collections.Immutable;
using System.Text.Json.Serialization.Metadata;
using Helios.Cli.Events;
using Helios.Cli.Output;
using Helios.Cli.Results;
using Helios.Sdk;

namespace Helios.Cli.Running;

/// <summary>Prints what happens in a run as it happens, and keeps the changes for the summary. Thread-safe; lines are in order of time.</summary>
internal sealed class EventLog(Screen screen, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly long started = time.GetTimestamp();
    private ImmutableArray<ChangeLine> changes = [];

    public ImmutableArray<ChangeLine> Changes
    {
        get { lock (gate) return changes; }
    }

    /// <summary>Milliseconds since the start.</summary>
    public double NowMs => time.GetElapsedTime(started).TotalMilliseconds;

    public void Add(AdaptationEvent happened)
    {
        lock (gate)
        {
            var at = NowMs;
            if (EventLineFactory.Change(happened, at) is { } change) changes = changes.Add(change);
            if (EventLineFactory.Of(happened, at) is { } line) Print(line);
        }
    }

    public void Add(Served served)
    {
        lock (gate) Print(RequestLines.Completed(served, NowMs));
    }

    public void Add(Unserved unserved)
    {
        lock (gate) Print(RequestLines.Unserved(unserved, NowMs));
    }

    /// <summary>Prints the last line.</summary>
    public void Finish(SummaryLine summary)
    {
        lock (gate)
        {
            if (screen.IsJson) screen.Json(summary, CliJson.Lines.SummaryLine);
            else screen.Show(RunTables.Of(summary));
        }
    }

    private void Print(EventLine line)
    {
        if (!screen.IsJson)
        {
            if (RunTables.Markup(line) is { } markup) screen.ShowLine(markup);
            return;
        }

        switch (line)
        {
            case EvaluatedLine evaluated: Write(evaluated, CliJson.Lines.EvaluatedLine); break;
            case ObjectiveFailedLine failed: Write(failed, CliJson.Lines.ObjectiveFailedLine); break;
            case EvaluationFailedLine failed: Write(failed, CliJson.Lines.EvaluationFailedLine); break;
            case DecisionLine decision: Write(decision, CliJson.Lines.DecisionLine); break;
            case LoadLine load: Write(load, CliJson.Lines.LoadLine); break;
            case BreachLine breach: Write(breach, CliJson.Lines.BreachLine); break;
            case QualityBreachLine breach: Write(breach, CliJson.Lines.QualityBreachLine); break;
            case CompletedLine completed: Write(completed, CliJson.Lines.CompletedLine); break;
            case UnservedLine unserved: Write(unserved, CliJson.Lines.UnservedLine); break;
            default: throw new InvalidOperationException($"There is no JSON form of {line.GetType().Name}.");
        }
    }

    private void Write<TLine>(TLine line, JsonTypeInfo<TLine> type) => screen.Json(line, type);
}
