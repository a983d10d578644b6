namespace Helios.Sdk.Tokenization.PreTokenizers;

/// <summary>A text cut into words, kept in one buffer.</summary>
internal sealed class WordList
{
    private readonly List<int> ends = [];
    private char[] chars = new char[256];
    private int length;

    public int Count => ends.Count;

    public ReadOnlySpan<char> this[int word]
    {
        get
        {
            var start = word == 0 ? 0 : ends[word - 1];
            return chars.AsSpan(start, ends[word] - start);
        }
    }

    public void Clear()
    {
        ends.Clear();
        length = 0;
    }

    /// <summary>Adds to the word being written.</summary>
    public void Append(ReadOnlySpan<char> text)
    {
        if (text.Length > chars.Length - length)
            Array.Resize(ref chars, Math.Max(chars.Length * 2, checked(length + text.Length)));
        text.CopyTo(chars.AsSpan(length));
        length += text.Length;
    }

    /// <summary>Adds to the word being written.</summary>
    public void Append(char c) => Append(new ReadOnlySpan<char>(in c));

    /// <summary>Ends the word being written; an empty one is none.</summary>
    public void EndWord()
    {
        if (length > (Count == 0 ? 0 : ends[^1])) ends.Add(length);
    }

    /// <summary>Adds a whole word.</summary>
    public void AddWord(ReadOnlySpan<char> text)
    {
        Append(text);
        EndWord();
    }
}
