using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Serving.Scheduling;

/// <summary>
/// Settles where a sequence runs, once, when it first runs: on the claim it brought, on the candidate under evaluation
/// while that still takes requests, else on what serves.
/// </summary>
internal sealed class Admission(Routes routes, Action<Sequence, Exception> fail)
{
    /// <summary>Where requests go that insist on nothing; null until the first model serves.</summary>
    public Route? Serving => routes.Current?.Serving;

    /// <summary>Most sequences that may run together for what serves to keep what was promised of it.</summary>
    public int MaxBatch => routes.Current?.MaxBatch ?? int.MaxValue;

    /// <summary>False when it cannot run: no model serves yet, or it was failed because its prompt does not fit the model.</summary>
    public bool TryAssign(Sequence sequence)
    {
        if (sequence.Lease is not null) return true;

        // A table's claims die only after a newer table was published: read again until a claim can be shared.
        while (routes.Current is { } table)
        {
            var route = Choose(table, sequence);
            if (route.Lease.TryShare() is { } lease) return Fit(sequence, route, lease);
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
        try
        {
            var tokens = HasIdsFor(served, sequence) ? sequence.PromptLength
                : PromptEncoding.CanEncode(sequence.Request, served.Tokenizer, served.Chat) ? PromptEncoding.Encode(sequence.Request, served.Tokenizer, served.Chat).Ids.Count
                : int.MaxValue;
            return PromptRules.FitsContext(sequence.Request, tokens, served.Info);
        }
        catch (Exception error) when (error is ChatTemplateException or ConversationRefusedException)
        {
            return false;
        }
    }

    private bool Fit(Sequence sequence, Route route, ModelLease lease)
    {
        var served = lease.Served;
        if (Unfit(sequence, served) is { } trouble)
        {
            lease.Dispose();
            fail(sequence, trouble);
            return false;
        }

        sequence.Assign(route, lease);
        return true;
    }

    /// <summary>Gives a sequence the ids of a model; returns why it cannot run there, if it cannot.</summary>
    private static Exception? Unfit(Sequence sequence, ServedModel served)
    {
        var request = sequence.Request;
        if (!HasIdsFor(served, sequence))
        {
            if (!PromptEncoding.CanEncode(request, served.Tokenizer, served.Chat))
                return new HeliosException($"The prompt cannot be put into the ids of '{served.Info.Name}', which serves now; name a model in the request.");
            try
            {
                sequence.SetPrompt(PromptEncoding.Encode(request, served.Tokenizer, served.Chat));
            }
            catch (Exception error) when (error is ChatTemplateException or ConversationRefusedException)
            {
                return error;
            }

            sequence.Output.UseTokenizer(served.Tokenizer);
        }

        if (!PromptRules.FitsContext(request, sequence.PromptLength, served.Info))
            return new HeliosException(PromptRules.Overflow(request, sequence.PromptLength, served.Info));
        return request.TokenIds is not null && PromptRules.FindBadId(sequence.Tokens, served.Info) is { } bad ? new HeliosException(bad) : null;
    }

    private static bool HasIdsFor(ServedModel served, Sequence sequence) =>
        PromptEncoding.FormOf(sequence.Request, served.Tokenizer, served.Chat) == sequence.PromptForm;
}
