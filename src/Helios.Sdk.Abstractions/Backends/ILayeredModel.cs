using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Sdk.Backends;

/// <summary>
/// A model that the engine walks layer by layer. Hidden states and logits never leave it: scalars and token ids do.
/// One step is <see cref="Begin"/>, then <see cref="Run"/>, <see cref="ReadSignals"/> and <see cref="Retire"/> in turn,
/// then <see cref="Sample"/>; drafting samples and calls <see cref="Extend"/> on the way. All but <see cref="UseLayers"/>
/// belong to the device thread.
/// </summary>
/// <remarks>
/// A row's results do not depend, bit for bit, on the other rows of the step nor on where a prompt was cut into steps
/// (a GPU backend says how far it holds this).
/// </remarks>
public interface ILayeredModel : IDisposable
{
    /// <summary>
    /// Sets the layers it runs over: consecutive, in order. The next <see cref="Begin"/> uses them; a step under way keeps
    /// those it began with. KV of layer <c>i</c> lies in slot <c>i - layers[0].Layer</c> of a block, so that one layer
    /// alone can be run with KV for one layer. May be called from any thread.
    /// </summary>
    /// <param name="layers">The layers; none of them may be disposed while it is used here.</param>
    void UseLayers(IReadOnlyList<ILayerWeights> layers);

    /// <summary>
    /// Starts a step: embeds the rows, and stands before layer 0, which must be in use; or goes on with the step before, see
    /// <see cref="StepBatch.Resume"/>. The spans are copied. When it throws there is no step.
    /// </summary>
    /// <exception cref="StepRowException">A row's token id is outside the vocabulary; the row is named.</exception>
    /// <param name="batch">Rows and block tables.</param>
    void Begin(in StepBatch batch);

    /// <summary>
    /// Gives rows that wait (<see cref="StepRow.Unknown"/>) their tokens. They start before layer 0 while the rows already in
    /// the walk rest, with their states, at the depth they have reached; once the new ones have run as far, all go on together.
    /// Until then only the new ones take part in anything. This is how a token drafted at an exit joins the step that verifies it.
    /// </summary>
    /// <param name="rows">Rows that wait, at least one. The walk must stand at one depth, and not have been resumed.</param>
    void Extend(ReadOnlySpan<RowToken> rows);

    /// <summary>
    /// Runs layers over the rows that have not retired, writing their KV first, so that rows of one sequence see each
    /// other causally.
    /// </summary>
    /// <param name="layers">Layers in use that follow on those already run; after <see cref="Extend"/> no further than where others rest.</param>
    void Run(LayerRange layers);

    /// <summary>Norm and head at the present depth for some rows, reduced to scalars. Changes no row.</summary>
    /// <param name="check">Which rows, which signals, which targets.</param>
    /// <param name="signals">One per row of the check.</param>
    void ReadSignals(in ExitCheck check, Span<ExitSignal> signals);

    /// <summary>
    /// Rows leave the walk at the present depth; the state they leave with is what <see cref="Sample"/> uses. For every
    /// layer between here and the row's <see cref="StepRow.KvDepth"/> the state's K/V projections are written, so that later tokens
    /// find KV everywhere.
    /// </summary>
    /// <param name="rows">Indices into the batch.</param>
    void Retire(ReadOnlySpan<int> rows);

    /// <summary>
    /// Norm, head and sampling, each row with the norm and head of the depth it left at, or, while it is in the walk, of the
    /// present depth. Changes no row.
    /// </summary>
    /// <param name="rows">Which rows and how to draw.</param>
    /// <param name="tokens">One per entry of <paramref name="rows"/>.</param>
    void Sample(ReadOnlySpan<SampleRow> rows, Span<SampledToken> tokens);
}

/// <summary>The rows of a step.</summary>
public readonly ref struct StepBatch
{
    /// <summary>One token each; rows of a sequence lie next to each other in order of position.</summary>
    public required ReadOnlySpan<StepRow> Rows { get; init; }

    /// <summary>Block tables of the sequences, one after another.</summary>
    public required ReadOnlySpan<KvBlock> Blocks { get; init; }

    /// <summary>
    /// Goes on with the step before instead of embedding anew: its rows, in the same order and none of them retired, keep
    /// their states, and the walk continues at the depth it has reached, which is where the layers in use must start.
    /// Block tables and KV depths may be others. This is how a model is run a layer at a time, holding one layer's weights
    /// and one layer's KV: <see cref="ILayeredModel.UseLayers"/> the next layer, <see cref="ILayeredModel.Begin"/> with this set,
    /// <see cref="ILayeredModel.Run"/>; checks come after a <see cref="ILayeredModel.Run"/> and before the next resumption.
    /// </summary>
    public bool Resume { get; init; }
}

/// <summary>One token of a step.</summary>
/// <param name="TokenId">Input id, 0..vocabulary-1; or <see cref="Unknown"/>.</param>
/// <param name="Position">Position in its sequence from 0.</param>
/// <param name="FirstBlock">Where the sequence's block table starts in <see cref="StepBatch.Blocks"/>; rows of one sequence share it.</param>
/// <param name="KvDepth">
/// Layers for which the sequence keeps KV, counted from the first in use: its shape, how far it may run, and how far
/// <see cref="ILayeredModel.Retire"/> fills.
/// </param>
public readonly record struct StepRow(int TokenId, int Position, int FirstBlock, int KvDepth)
{
    /// <summary>The token of a row that waits for <see cref="ILayeredModel.Extend"/>; one that never gets a token takes no part in the step.</summary>
    public const int Unknown = -1;
}

/// <summary>A token for a row that waits.</summary>
/// <param name="Row">Index into the batch.</param>
/// <param name="TokenId">Input id, 0..vocabulary-1.</param>
public readonly record struct RowToken(int Row, int TokenId);

/// <summary>An exit check: the signals of some rows at the present depth.</summary>
public readonly ref struct ExitCheck
{
    /// <summary>What <see cref="Targets"/> has for a row that wants no log probability.</summary>
    public const int NoTarget = -1;

    /// <summary>Indices of the rows to check; none may have retired.</summary>
    public required ReadOnlySpan<int> Rows { get; init; }

    /// <summary>What to compute beyond the top token.</summary>
    public required ExitSignals Needs { get; init; }

    /// <summary>Per row the id whose log probability is wanted, or <see cref="NoTarget"/>; empty when no row wants one.</summary>
    public ReadOnlySpan<int> Targets { get; init; }
}

/// <summary>A row to draw a token for: what is kept is what every cut keeps.</summary>
/// <param name="Row">Index into the batch; retired, or at the depth the walk stands at.</param>
/// <param name="Temperature">0 takes the likeliest token (lowest id on ties); above 0 divides the logits.</param>
/// <param name="TopK">Keep this many likeliest tokens; 0 keeps all.</param>
/// <param name="TopP">Of those, keep the likeliest whose probabilities sum to this, at least one; 1 keeps all.</param>
/// <param name="Uniform">The draw, in [0, 1): the token at which the running sum of kept probabilities, likeliest first, passes it.</param>
/// <param name="Needs">Signals wanted of the row.</param>
public readonly record struct SampleRow(int Row, float Temperature, int TopK, float TopP, double Uniform, ExitSignals Needs)
{
    /// <summary>
    /// Keep the tokens whose probability, after <see cref="Temperature"/>, is at least this share of the likeliest one's; 0 keeps
    /// all.
    /// </summary>
    public float MinP { get; init; }

    /// <summary>
    /// Changes the logits that the token is drawn from; null draws from them as they are. Signals and log probabilities are
    /// always those of the logits as they were.
    /// </summary>
    public ILogitsEdit? Edit { get; init; }

    /// <summary>Takes the likeliest tokens, likeliest first (lower id on ties): as many as it has room for, all at most.</summary>
    public Memory<TokenLogProbability> Likeliest { get; init; }
}

/// <summary>A drawn token.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="LogProbability">Natural log of its probability before edit, temperature and cuts.</param>
/// <param name="Signal">Signals of the row at the depth it left at, before any edit.</param>
public readonly record struct SampledToken(int TokenId, float LogProbability, ExitSignal Signal);

/// <summary>
/// Changes logits before a token is drawn from them. A backend calls it from any of its threads, once per row that has it, in
/// any order and for rows of one sequence perhaps at the same time.
/// </summary>
public interface ILogitsEdit
{
    /// <summary>Changes the logits of one row in place. Must not throw: the other rows of the step would be lost with it.</summary>
    /// <param name="position">Position of the row in its sequence; the logits are those of the token behind it.</param>
    /// <param name="logits">One per token of the vocabulary. What the model said on entry.</param>
    void Edit(int position, Span<float> logits);
}
