using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Decoding;

namespace Helios.Sdk.Simulation;

/// <summary>
/// The serving loop and its device, step by step: continuous batching with chunked prompts, KV for whole sequences, each at
/// the depth it started with. Steps take the time that the script's costs say; the telemetry is told what an engine's is told.
/// </summary>
internal sealed class SimulatedDevice
{
    private readonly SimulationScript script;
    private readonly ServingOptions serving;
    private readonly SimulatedClock clock;
    private readonly DeviceWork work;
    private readonly ServingTelemetry? telemetry;
    private readonly ulong seed;
    private readonly Queue<ScriptedRequest> waiting = new();
    private readonly List<SimulatedSequence> running = [];
    private readonly Stack<SimulatedSequence> spare = new();
    private SimulationRandom noise;
    private SimulatedRoute? evaluated;
    private int evaluatedLeft;
    private long kvBytes;

    public SimulatedDevice(SimulationScript script, ServingOptions serving, ulong seed, SimulatedClock clock, DeviceWork work, ServingTelemetry? telemetry)
    {
        this.script = script;
        this.serving = serving;
        this.clock = clock;
        this.work = work;
        this.telemetry = telemetry;
        this.seed = seed;
        noise = new SimulationRandom(~seed);
        Traffic = new ScriptedTraffic(script, seed);
        Models = [.. script.Models.Select(model => new ScriptedModel(model, Traffic.Kinds))];
        Tally = new SimulationTally(script, Models, Traffic.Kinds);
    }

    public ScriptedTraffic Traffic { get; }

    public IReadOnlyList<ScriptedModel> Models { get; }

    public SimulationTally Tally { get; }

    /// <summary>Where new requests go; null until the first model serves.</summary>
    public SimulatedRoute? Serving { get; private set; }

    /// <summary>Bytes promised to a load that is under way; steps are slower meanwhile.</summary>
    public long LoadingBytes { get; set; }

    /// <summary>Bytes that weights on the device do not take.</summary>
    public long BytesBesideWeights
    {
        get
        {
            var bytes = script.MemoryBudgetBytes - LoadingBytes;
            foreach (var model in Models) bytes -= model.ResidentBytes;
            return bytes;
        }
    }

    public int Running => running.Count;

    /// <summary>Most sequences that may run together at what serves; null when as many as fit may.</summary>
    public int? MaxBatch { get; set; }

    public int Waiting => waiting.Count;

    public ScriptedModel Find(string name) => Models.First(model => model.Name == name);

    /// <summary>New requests go to <paramref name="route"/>, which holds its claim already; the former one's ends with its last sequence.</summary>
    public void Publish(SimulatedRoute route)
    {
        Serving?.Model.Drop(Serving.Depth);
        Serving = route;
    }

    /// <summary>The next requests go to a candidate.</summary>
    public void Evaluate(SimulatedRoute route, int requests) => (evaluated, evaluatedLeft) = (route, requests);

    /// <summary>Serves until every request of the script is answered.</summary>
    public void Run(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            clock.RunDue();
            Arrive();
            Admit();
            if (running.Count > 0)
            {
                Step();
                work.TryRunBackground(idle: false);
            }
            else if (Traffic.IsOver && waiting.Count == 0)
            {
                return;
            }
            else if (!work.TryRunBackground(idle: true))
            {
                var idle = Math.Min(Traffic.NextAt(clock.Seconds, running.Count + waiting.Count) - clock.Seconds, clock.SecondsToNext);
                if (!double.IsFinite(idle)) throw new InvalidOperationException("Requests wait, nothing serves, and nothing is under way that could.");
                clock.Spend(idle);
                Tally.Idle(idle);
            }
        }
    }

    /// <summary>Takes the time in which a model computes a text at full depth. True, for it is done.</summary>
    public bool Prefill(ScriptedModel model, int tokens)
    {
        for (var start = 0; start < tokens; start += serving.MaxRowsPerStep)
        {
            var rows = Math.Min(serving.MaxRowsPerStep, tokens - start);
            model.RowsTo[^1] = model.SampledRows = rows;
            model.ContextTo[^1] = (long)rows * start + rows * (rows + 1L) / 2;
            var times = Measure(model, out _, out _, out _);
            clock.Spend(times.Total);
            Tally.Scoring(times.Total);
        }

        return true;
    }

    /// <summary>What a decode step of so many rows would take, as a probe measures it; the device spends the time.</summary>
    public StepTiming Probe(ScriptedModel model, int rows, int depth)
    {
        model.RowsTo[depth] = model.SampledRows = rows;
        model.ContextTo[depth] = rows;
        var times = Measure(model, out _, out _, out _);
        clock.Spend(times.Total);
        return new StepTiming(rows, rows, depth, rows, times);
    }

    private void Arrive()
    {
        while (Traffic.NextAt(clock.Seconds, running.Count + waiting.Count) <= clock.Seconds)
        {
            var request = Traffic.Next();
            waiting.Enqueue(request);
            telemetry?.RequestArrived(request.AnswerTokens);
        }
    }

    private void Admit()
    {
        if (Serving is not { } present) return;
        var room = BytesBesideWeights;
        while (waiting.Count > 0 && running.Count < Math.Min(serving.MaxBatchSize, MaxBatch ?? int.MaxValue))
        {
            var route = evaluatedLeft > 0 ? evaluated! : present;
            var request = waiting.Peek();
            var blocks = (request.PromptTokens + request.AnswerTokens + serving.KvBlockTokens - 1) / serving.KvBlockTokens;
            var bytes = (long)blocks * serving.KvBlockTokens * route.Model.Script.KvBytesPerToken * route.Depth;
            if (kvBytes + bytes > room && running.Count > 0) return;

            if (evaluatedLeft > 0) evaluatedLeft--;
            waiting.Dequeue();
            var sequence = spare.TryPop(out var used) ? used : new SimulatedSequence();
            sequence.Begin(request, route, bytes, seed);
            route.Model.Claim(route.Depth);
            kvBytes += bytes;
            running.Add(sequence);
        }
    }

    private void Step()
    {
        var decoding = 0;
        foreach (var sequence in running) decoding += sequence.PromptLeft == 0 ? 1 : 0;
        var rowsLeft = Math.Max(0, serving.MaxRowsPerStep - decoding);
        foreach (var sequence in running) rowsLeft -= Compute(sequence, rowsLeft);

        var seconds = 0.0;
        foreach (var model in Models)
        {
            var times = Measure(model, out var rows, out var depth, out var context, out var sampled);
            if (rows == 0) continue;
            seconds += times.Total;
            telemetry?.StepRan(model.Name, new StepTiming(rows, sampled, depth, context, times), waiting.Count);
        }

        clock.Spend(seconds);
        work.CountServing(TimeSpan.FromSeconds(seconds));
        Tally.Step(seconds, decoding, Traffic.Phase);
        Commit();
    }

    /// <summary>Plans a sequence's rows and returns how many of a prompt were taken; decode rows are counted before.</summary>
    private static int Compute(SimulatedSequence sequence, int rowsLeft)
    {
        var (model, depth) = (sequence.Route.Model, sequence.Route.Depth);
        var rows = sequence.PromptLeft == 0 ? 1 : Math.Min(sequence.PromptLeft, rowsLeft);
        if (rows == 0) return 0;
        model.RowsTo[depth] += rows;
        model.ContextTo[depth] += (long)rows * sequence.Context + rows * (rows + 1L) / 2;
        sequence.Context += rows;
        if (sequence.PromptLeft == 0)
        {
            model.SampledRows++;
            return 0;
        }

        sequence.PromptLeft -= rows;
        if (sequence.PromptLeft == 0) model.SampledRows++;
        return rows;
    }

    private void Commit()
    {
        for (var i = running.Count - 1; i >= 0; i--)
        {
            var sequence = running[i];
            if (sequence.PromptLeft > 0) continue;
            Emit(sequence);
            if (--sequence.AnswerLeft > 0) continue;

            running[i] = running[^1];
            running.RemoveAt(running.Count - 1);
            End(sequence);
        }
    }

    private void Emit(SimulatedSequence sequence)
    {
        var (route, request) = (sequence.Route, sequence.Request);
        Tally.Token(route, request.Kind);
        if (telemetry is null) return;

        var confidence = 1f;
        if (!route.IsFullDepth)
        {
            var easiness = TextRandom.Token(ref sequence.Random, sequence.Easiness);
            var shown = route.Model.At(request.Kind, route.Exit).Shown(easiness);
            confidence = route.Model.Confidence!.Current.Map(route.Depth, new ExitSignal { Top1 = shown });
        }

        telemetry.TokenEmitted(new EmittedToken(route, request.Id, request.Tenant, route.Depth, confidence));
    }

    private void End(SimulatedSequence sequence)
    {
        var (route, request) = (sequence.Route, sequence.Request);
        route.Model.Drop(route.Depth);
        kvBytes -= sequence.KvBytes;
        spare.Push(sequence);
        Tally.Completed(clock.Seconds, this);
        if (telemetry is null) return;

        if (telemetry.SequenceEnded(route, completed: true))
        {
            var tokens = new int[request.PromptTokens + request.AnswerTokens];
            Array.Fill(tokens, request.Kind);
            telemetry.Keep(new FinishedText(new RequestId(request.Id), tokens, request.PromptTokens, SimulatedTokenizer.Shared, route.Point));
        }

        telemetry.RequestCompleted(request.PromptTokens, request.PromptTokens + request.AnswerTokens);
    }

    private StepTimes Measure(ScriptedModel model, out int rows, out double depth, out long context) => Measure(model, out rows, out depth, out context, out _);

    /// <summary>Times of the rows planned for a model, which are forgotten; rows leave where their depth says, and the others climb on.</summary>
    private StepTimes Measure(ScriptedModel model, out int rows, out double depth, out long context, out int sampled)
    {
        (rows, context, sampled) = (0, 0, model.SampledRows);
        var (layerRuns, layers, top) = (0L, 0.0, 0);
        for (var exit = model.Depths.Length - 1; exit >= 0; exit--)
        {
            var end = model.Depths[exit];
            var from = exit == 0 ? 0 : model.Depths[exit - 1];
            rows += model.RowsTo[end];
            context += model.ContextTo[end];
            layerRuns += (long)model.RowsTo[end] * end;
            model.RowsTo[end] = 0;
            model.ContextTo[end] = 0;
            if (rows == 0) continue;
            top = Math.Max(top, end);
            layers += (end - from) * (model.Layer.At(rows) + model.Script.Costs.ContextNs * 1e-9 * context);
        }

        model.SampledRows = 0;
        depth = rows == 0 ? 0 : (double)layerRuns / rows;
        if (rows == 0) return default;

        var phase = script.Phases[Math.Min(Traffic.Phase, script.Phases.Length - 1)];
        var factor = phase.Slowdown * (LoadingBytes > 0 ? script.LoadSlowdown : 1) * Math.Max(0.1, 1 + script.StepNoise * noise.Normal());
        return new StepTimes(layers * factor, sampled == 0 ? 0 : model.Head.At(sampled) * factor, model.Script.Costs.OtherMs * 1e-3 * factor);
    }
}
