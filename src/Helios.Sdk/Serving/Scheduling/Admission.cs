using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Streaming;

namespace Helios.Sdk.Serving.Scheduling;

/// <summary>
/// Settles where a sequence runs, once, when it first runs: on the claim it brought, on the candidate under evaluation
/// while that still takes requests, else on the active point.
/// </summary>
internal sealed class Admission(Routes routes)
{
    /// <summary>Where requests go that insist on nothing; null until the first model serves.</summary>
    public Route? Serving => routes.Current?.Serving;

    /// <summary>Most sequences that may run together for the active point to keep what was promised of it.</summary>
    public int MaxBatch => routes.Current?.MaxBatch ?? int.MaxValue;

    /// <summary>False when it cannot run: no model serves yet, or its prompt does not fit the model.</summary>
    /// <param name="sequence">The sequence; given a route unless it has one.</param>
    /// <param name="refusal">Set when it can never run.</param>
    public bool TryAssign(Sequence sequence, out RequestOutcome? refusal)
    {
        refusal = null;
        if (sequence.Lease is not null) return true;

        // A table's claims die only after a newer table was published: read again until a claim can be shared.
        while (routes.Current is { } table)
        {
            var route = Choose(table, sequence);
            if (route.Lease.TryShare() is { } lease) return Fit(sequence, route, lease, out refusal);
        }

        return false;
    }

    private static Route Choose(RouteTable table, Sequence sequence) =>
        table.Evaluation is { IsOpen: true } evaluation && FitsContext(evaluation.Route, sequence) && evaluation.TryTake()
            ? evaluation.Route
            : table.Serving;

    private static bool FitsContext(Route route, Sequence sequence)
    {
        var served = route.Lease.Served;
        return FormFor(sequence, served) is { Prompt: { } prompt } && Trouble(sequence.Request, prompt, served) is null;
    }

    private static bool Fit(Sequence sequence, Route route, ModelLease lease, out RequestOutcome? refusal)
    {
        refusal = Unfit(sequence, lease.Served) is { } trouble ? RequestOutcome.Failed(trouble) : null;
        if (refusal is not null)
        {
            lease.Dispose();
            return false;
        }

        sequence.Assign(route, lease);
        return true;
    }

    /// <summary>Gives a sequence the ids of a model; returns why it cannot run there, if it cannot.</summary>
    private static Exception? Unfit(Sequence sequence, ServedModel served)
    {
        if (FormFor(sequence, served) is not { } form)
            return new HeliosException($"The prompt cannot be encoded for '{served.Info.Name}', the active model; name a model in the request.");
        if (form.Prompt is not { } prompt) return form.Trouble;
        if (Trouble(sequence.Request, prompt, served) is { } trouble) return new HeliosException(trouble.ToString());
        if (ReferenceEquals(prompt, sequence.Prompt)) return null;

        sequence.SetPrompt(prompt);
        sequence.Output.UseTokenizer(served.Tokenizer, form.StopIds);
        return null;
    }

    private static OptionFault? Trouble(GenerationRequest request, EncodedPrompt prompt, ServedModel served) =>
        PromptRules.Overflow(request, prompt, served.Info) ?? PromptRules.FindBadId(request, prompt, served.Info);

    /// <summary>The prompt in the ids of a model, or why it is not; null when it was not tried.</summary>
    private static PromptForm? FormFor(Sequence sequence, ServedModel served)
    {
        var wanted = PromptEncoding.FormOf(sequence.Request, served.Tokenizer, served.Chat);
        if (wanted == sequence.Prompt.Form) return new PromptForm(wanted, sequence.Prompt, null);
        foreach (var form in sequence.OtherForms)
        {
            if (form.Form == wanted) return form;
        }

        return null;
    }
}
