using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Sdk.Backends;

/// <summary>
/// A model that the engine runs layer by layer. Hidden states and logits stay inside; only scalars and token ids leave it.
/// One step is <see cref="Begin"/>, then <see cref="Run"/>, <see cref="ReadSignals"/> and <see cref="Retire"/> in turn,
/// then <see cref="Sample"/>; drafting samples and calls <see cref="Extend"/> in between. All methods but <see cref="UseLayers"/>
/// belong to the device thread.
/// </summary>
/// <remarks>
/// A row's results do not depend, bit for bit, on the other rows of the step or on the chunks of a prompt
/// (a GPU backend documents its deviations).
/// </remarks>
public interface ILayeredModel : IDisposable
{
    /// <summary>
    /// Sets the layers it runs over: consecutive, in order. The next <see cref="Begin"/> uses them; a running step keeps
    /// its layers. KV of layer <c>i</c> is in slot <c>i - layers[0].Layer</c> of a block, so a single layer
    /// can run with KV for one layer. May be called from any thread.
    /// </summary>
    /// <param name="layers">The layers; none of them may be disposed while it is used here.</param>
    void UseLayers(IReadOnlyList<ILayerWeights> layers);

    /// <summary>
    /// Starts a step: embeds the rows, with the walk before layer 0, which must be in use; or continues the previous step, see
    /// <see cref="StepBatch.Resume"/>. The spans are copied. If it throws, there is no step.
    /// </summary>
    /// <exception cref="StepRowException">A row's token id is outside the vocabulary; the row is named.</exception>
    /// <param name="batch">Rows and block tables.</param>
    void Begin(in StepBatch batch);

    /// <summary>
    /// Gives waiting rows (<see cref="StepRow.Unknown"/>) their tokens. They start before layer 0, while the other rows of
    /// the walk rest with their states at their depth; when the new rows have reached it, all rows continue together.
    /// Until then only the new rows take part in any call. This is how a token drafted at an exit joins the step that verifies it.
    /// </summary>
    /// <param name="rows">Waiting rows, at least one. The walk must be at one depth, and must not have been resumed.</param>
    void Extend(ReadOnlySpan<RowToken> rows);

    /// <summary>
    /// Runs layers over the rows that have not retired. It writes their KV first, so that rows of one sequence attend to each
    /// other causally.
    /// </summary>
    /// <param name="layers">Layers in use that follow the layers already run; after <see cref="Extend"/> at most up to the depth of resting rows.</param>
    void Run(LayerRange layers);

    /// <summary>Norm and head at the present depth for some rows, reduced to scalars. Changes no row.</summary>
    /// <param name="check">Rows, signals and targets.</param>
    /// <param name="signals">One per row of the check.</param>
    void ReadSignals(in ExitCheck check, Span<ExitSignal> signals);

    /// <summary>
    /// Rows leave the walk at the present depth; <see cref="Sample"/> uses their states. For every
    /// layer from here to the row's <see cref="StepRow.KvDepth"/> the K/V projections of the state are written, so that later tokens
    /// have KV in every layer.
    /// </summary>
    /// <param name="rows">Indices into the batch.</param>
    void Retire(ReadOnlySpan<int> rows);

    /// <summary>
    /// Norm, head and sampling, for each row with the norm and head of the depth where it left, or of the present depth if it is
    /// in the walk. Changes no row.
    /// </summary>
    /// <param name="rows">Rows and their sampling.</param>
    /// <param name="tokens">One per entry of <paramref name="rows"/>.</param>
    void Sample(ReadOnlySpan<SampleRow> rows, Span<SampledToken> tokens);
}

/// <summary>The rows of a step.</summary>
public readonly ref struct StepBatch
{
    /// <summary>One token each; rows of a sequence are adjacent, in order of position.</summary>
    public required ReadOnlySpan<StepRow> Rows { get; init; }

    /// <summary>
    /// Block tables of the sequences, one after another. A table has, for every <see cref="IKvStore.TokensPerBlock"/> tokens of its sequence, a block
    /// for each of the <see cref="KvGroups"/> of the model. <see cref="KvBlock.None"/> stands where all tokens are behind the window
    /// of the sequence's first row, and where a group has none of the layers that the sequence keeps KV for.
    /// </summary>
    public required ReadOnlySpan<KvBlock> Blocks { get; init; }

    /// <summary>
    /// Continues the previous step without embedding again: its rows, in the same order and none of them retired, keep
    /// their states, and the walk continues at its depth, where the layers in use must start.
    /// Block tables and KV depths may differ. So a model can run layer by layer, with one layer's weights
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
/// Layers for which the sequence keeps KV, counted from the first layer in use. It determines the shape, the maximum depth, and the
/// layers that <see cref="ILayeredModel.Retire"/> fills.
/// </param>
public readonly record struct StepRow(int TokenId, int Position, int FirstBlock, int KvDepth)
{
    /// <summary>The token of a row that waits for <see cref="ILayeredModel.Extend"/>; a row that never gets a token takes no part in the step.</summary>
    public const int Unknown = -1;

    private readonly int length;

    /// <summary>
    /// Tokens of the sequence by which rotary scalings that depend on it are chosen: for tokens of a prompt those of the whole prompt,
    /// wherever it is cut. The tokens up to this one where it is not set, as for generated tokens.
    /// </summary>
    public int Length
    {
        get => Math.Max(length, Position + 1);
        init => length = value;
    }
}

/// <summary>A token for a waiting row.</summary>
/// <param name="Row">Index into the batch.</param>
/// <param name="TokenId">Input id, 0..vocabulary-1.</param>
public readonly record struct RowToken(int Row, int TokenId);

/// <summary>An exit check: the signals of some rows at the present depth.</summary>
public readonly ref struct ExitCheck
{
    /// <summary>The value in <see cref="Targets"/> for a row that needs no log probability.</summary>
    public const int NoTarget = -1;

    /// <summary>Indices of the rows to check; none may have retired.</summary>
    public required ReadOnlySpan<int> Rows { get; init; }

    /// <summary>Signals to compute beside the top token.</summary>
    public required ExitSignals Needs { get; init; }

    /// <summary>Per row the id whose log probability is requested, or <see cref="NoTarget"/>; empty if no row requests one.</summary>
    public ReadOnlySpan<int> Targets { get; init; }
}

/// <summary>A row to sample a token for; a token must pass top-k, top-p and min-p.</summary>
/// <param name="Row">Index into the batch; retired, or at the present depth of the walk.</param>
/// <param name="Temperature">0 takes the most likely token (lowest id on ties); above 0 divides the logits.</param>
/// <param name="TopK">Keep this many most likely tokens; 0 keeps all.</param>
/// <param name="TopP">Of those, keep the most likely whose probabilities sum to this, at least one; 1 keeps all.</param>
/// <param name="Uniform">The random number, in [0, 1): it selects the token at which the running sum of kept probabilities, in descending order, exceeds it.</param>
/// <param name="Needs">Requested signals of the row.</param>
public readonly record struct SampleRow(int Row, float Temperature, int TopK, float TopP, double Uniform, ExitSignals Needs)
{
    /// <summary>
    /// Keep the tokens whose probability, after <see cref="Temperature"/>, is at least this fraction of the highest one; 0 keeps
    /// all.
    /// </summary>
    public float MinP { get; init; }

    /// <summary>
    /// Changes the logits before sampling; null leaves them unchanged. Signals and log probabilities are
    /// always those of the unchanged logits.
    /// </summary>
    public ILogitsEdit? Edit { get; init; }

    /// <summary>Receives the most likely tokens in descending order (lower id on ties), up to its length.</summary>
    public Memory<TokenLogProbability> Likeliest { get; init; }
}

/// <summary>A sampled token.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="LogProbability">Natural log of its probability before edit, temperature, top-k, top-p and min-p.</param>
/// <param name="Signal">Signals of the row at the depth where it left, before any edit.</param>
public readonly record struct SampledToken(int TokenId, float LogProbability, ExitSignal Signal);

/// <summary>
/// Changes logits before sampling. A backend calls it from any of its threads, once per row that has it, in
/// any order; calls for rows of one sequence may overlap.
/// </summary>
public interface ILogitsEdit
{
    /// <summary>Changes the logits of one row in place. Must not throw, because the other rows of the step would be lost too.</summary>
    /// <param name="position">Position of the row in its sequence; the logits are those of the next token.</param>
    /// <param name="logits">One per token of the vocabulary; on entry those of the model.</param>
    void Edit(int position, Span<float> logits);
}
