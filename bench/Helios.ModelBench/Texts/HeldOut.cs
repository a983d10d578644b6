using System.Collections.Immutable;
using Helios.Cli.Errors;
using Helios.Cli.Files;
using Helios.Sdk.Models;
using Helios.Sdk.Tokenization;

namespace Helios.ModelBench.Texts;

/// <summary>Texts in a model's tokens: each one sequence, cut to the context, whose every token but the first is predicted.</summary>
internal sealed class HeldOut
{
    public HeldOut(IEnumerable<string> texts, ITokenizer tokenizer, int contextLength)
    {
        Sequences = [.. texts.Select(text => tokenizer.Encode(text).Take(contextLength).ToArray()).Where(ids => ids.Length > 1)];
        foreach (var ids in Sequences)
        {
            Predicted += ids.Length - 1;
            Longest = Math.Max(Longest, ids.Length);
            for (var i = 1; i < ids.Length; i++) Bytes += tokenizer.GetBytes(ids[i]).Length;
        }
    }

    /// <summary>Reads a file of texts.</summary>
    /// <exception cref="FileException">It is unusable, or no text has a token to predict.</exception>
    public static HeldOut Read(string path, ITokenizer tokenizer, CheckpointInfo model)
    {
        var texts = new HeldOut(TextFile.Read(path), tokenizer, model.Architecture.ContextLength);
        return texts.Bytes > 0 ? texts : throw new FileException($"{path}: no text has a token to predict behind its first; expected longer texts.");
    }

    /// <summary>Ids of each text that has something to predict.</summary>
    public ImmutableArray<int[]> Sequences { get; }

    /// <summary>Tokens that are predicted.</summary>
    public int Predicted { get; }

    /// <summary>UTF-8 bytes of the tokens that are predicted.</summary>
    public long Bytes { get; }

    /// <summary>Tokens of the longest sequence.</summary>
    public int Longest { get; }
}
