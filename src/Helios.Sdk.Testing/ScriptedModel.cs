using System.Text;

namespace Helios.Sdk.Testing;

/// <summary>
/// A model without weights that answers from a script, one byte per token, so that the real engine runs in a test: queue,
/// batches, KV, exits, streams, and the adaptation loop. Its folder in the temporary directory holds a checkpoint of some
/// kilobytes, which <see cref="Dispose"/> deletes; dispose the engine first. Add it with
/// <see cref="ScriptedHeliosBuilderExtensions.UseScripted{TBuilder}(TBuilder, ScriptedModel[])"/>.
/// </summary>
/// <remarks>
/// The device thread reads the script: complete it before the engine starts. Its chat template writes a conversation as lines of
/// role and content, then <c>assistant: </c>, so the scripted prompt is <c>"user: Hello\nassistant: "</c>.
/// </remarks>
public sealed class ScriptedModel : IDisposable
{
    /// <summary>Tokens: the 256 bytes, then the end of the sequence.</summary>
    internal const int Vocabulary = 257;

    /// <summary>The token that ends an answer.</summary>
    internal const int EndOfSequence = 256;

    private readonly List<(byte[] Prompt, byte[] Answer)> script = [];
    private byte[] otherwise = Encoding.UTF8.GetBytes("Scripted.");

    /// <summary>Creates a model and its folder.</summary>
    /// <param name="name">Name in requests and decisions; a valid folder name.</param>
    /// <param name="layers">Its full depth, at least 1.</param>
    /// <param name="exits">Depths below it at which a token may leave, ascending.</param>
    public ScriptedModel(string name, int layers = 4, params int[] exits)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        ArgumentNullException.ThrowIfNull(exits);
        var above = 0;
        foreach (var exit in exits)
        {
            if (exit <= above || exit >= layers) throw new ArgumentException(Invariant($"Exits are {string.Join(", ", exits)}; expected ascending depths from 1 to {layers - 1}."), nameof(exits));
            above = exit;
        }

        (Name, Layers, Exits) = (name, layers, [.. exits]);
        Path = ScriptedCheckpoint.Write(this);
    }

    /// <summary>Name of the model.</summary>
    public string Name { get; }

    /// <summary>Its full depth.</summary>
    public int Layers { get; }

    /// <summary>Depths below it at which a token may leave.</summary>
    public IReadOnlyList<int> Exits { get; }

    /// <summary>Its folder.</summary>
    public string Path { get; }

    /// <summary>
    /// Returns the depth from which on the model gives the correct next token after a text, with confidence; at shallower exits it
    /// gives another token, without confidence. The full depth is always correct. By default every depth is.
    /// </summary>
    public Func<string, int> SettledAt { get; init; } = static _ => 0;

    /// <summary>Time that a layer takes in a step, on the clock of the <see cref="ScriptedBackend"/>.</summary>
    public TimeSpan LayerTime { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Scripts the answer to a prompt; of several prompts that a text begins with, the longest counts.</summary>
    /// <param name="prompt">The complete prompt.</param>
    /// <param name="answer">The text of the answer.</param>
    public ScriptedModel Answer(string prompt, string answer)
    {
        ArgumentException.ThrowIfNullOrEmpty(prompt);
        ArgumentNullException.ThrowIfNull(answer);
        script.Add((Encoding.UTF8.GetBytes(prompt), Encoding.UTF8.GetBytes(answer)));
        script.Sort(static (a, b) => b.Prompt.Length.CompareTo(a.Prompt.Length));
        return this;
    }

    /// <summary>
    /// Scripts the answer to all other prompts. A model sees no boundary between prompt and answer: if the end of the
    /// text equals the beginning of the answer, the model continues the answer from there.
    /// </summary>
    /// <param name="answer">The text of the answer.</param>
    public ScriptedModel Otherwise(string answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        otherwise = Encoding.UTF8.GetBytes(answer);
        return this;
    }

    /// <summary>Deletes the folder.</summary>
    public void Dispose()
    {
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
    }

    /// <summary>The token that the full depth says behind a text.</summary>
    internal int Next(ReadOnlySpan<byte> text)
    {
        foreach (var (prompt, answer) in script)
        {
            if (text.StartsWith(prompt) && answer.AsSpan().StartsWith(text[prompt.Length..])) return At(answer, text.Length - prompt.Length);
        }

        var said = Math.Min(otherwise.Length, text.Length);
        while (!text.EndsWith(otherwise.AsSpan(0, said))) said--;
        return At(otherwise, said);
    }

    private static int At(byte[] answer, int index) => index < answer.Length ? answer[index] : EndOfSequence;
}
