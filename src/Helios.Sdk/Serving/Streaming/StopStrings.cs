using System.Text;

namespace Helios.Sdk.Serving.Streaming;

/// <summary>
/// The stop strings of a request as an Aho-Corasick automaton over UTF-8 bytes. Built where the request is taken in, in time and
/// memory proportional to the bytes of the strings; all answers to the request share it. Immutable.
/// </summary>
/// <remarks>
/// A node is a beginning of some stop strings; node 0 is the empty one. Nodes are numbered breadth first, so that the children of node n
/// are <c>[firstChild[n], firstChild[n + 1])</c>, sorted by their byte. A node takes 9 bytes.
/// </remarks>
internal sealed class StopStrings
{
    public const int Root = 0;

    private readonly byte[] via;
    private readonly ushort[] firstChild;
    private readonly ushort[] suffix;
    private readonly ushort[] depth;
    private readonly ushort[] longest;

    /// <param name="texts">Strings that end the answer; none of them empty, and fewer than 65,535 bytes of UTF-8 together.</param>
    private StopStrings(IReadOnlyList<string> texts)
    {
        Texts = texts;
        var strings = texts.Select(Encoding.UTF8.GetBytes).ToArray();
        Array.Sort(strings, static (one, other) => one.AsSpan().SequenceCompareTo(other));
        var most = strings.Sum(static text => text.Length) + 1;
        if (most > ushort.MaxValue) throw new ArgumentException(Invariant($"The stop strings have {most - 1} bytes; expected fewer than {ushort.MaxValue}."), nameof(texts));

        (via, firstChild, depth, longest) = (new byte[most], new ushort[most + 1], new ushort[most], new ushort[most]);
        var parent = new ushort[most];
        var count = Grow(strings, parent);
        Array.Resize(ref via, count);
        Array.Resize(ref firstChild, count + 1);
        Array.Resize(ref depth, count);
        Array.Resize(ref longest, count);
        suffix = new ushort[count];
        LinkSuffixes(parent);
    }

    /// <summary>No stop strings.</summary>
    public static StopStrings None { get; } = new([]);

    /// <summary>The strings themselves.</summary>
    public IReadOnlyList<string> Texts { get; }

    /// <summary>Bytes of host memory that the automaton takes; the strings are the request's.</summary>
    public long Bytes => Texts.Count == 0 ? 0 : via.Length + (long)sizeof(ushort) * (firstChild.Length + suffix.Length + depth.Length + longest.Length);

    /// <summary>The automaton of a request's stop strings.</summary>
    /// <exception cref="ArgumentException">One is empty, or they are too long.</exception>
    public static StopStrings Of(IReadOnlyList<string> texts)
    {
        if (texts.Count == 0) return None;
        foreach (var text in texts) ArgumentException.ThrowIfNullOrEmpty(text, nameof(texts));
        return new StopStrings(texts);
    }

    /// <summary>The longest beginning of a stop string that ends with <paramref name="b"/> behind that of <paramref name="node"/>. Over a text it takes a number of steps proportional to its bytes.</summary>
    public int Next(int node, byte b)
    {
        while (true)
        {
            var first = firstChild[node];
            var child = via.AsSpan(first, firstChild[node + 1] - first).IndexOf(b);
            if (child >= 0) return first + child;
            if (node == Root) return Root;
            node = suffix[node];
        }
    }

    /// <summary>Bytes of a node's beginning.</summary>
    public int DepthOf(int node) => depth[node];

    /// <summary>Bytes of the longest stop string that ends at a node; 0 when none does.</summary>
    public int LongestAt(int node) => longest[node];

    /// <summary>Adds the nodes level by level. The strings that share a beginning follow each other, so that a node is a range of them.</summary>
    private int Grow(byte[][] strings, ushort[] parent)
    {
        var ranges = new Queue<Range>();
        ranges.Enqueue(..strings.Length);
        var count = 1;
        for (var node = 0; ranges.TryDequeue(out var range); node++)
        {
            firstChild[node] = (ushort)count;
            var (at, end) = (range.Start.Value, range.End.Value);
            for (; at < end && strings[at].Length == depth[node]; at++) longest[node] = depth[node];
            for (int next; at < end; at = next)
            {
                var b = strings[at][depth[node]];
                for (next = at + 1; next < end && strings[next][depth[node]] == b;) next++;
                (via[count], depth[count], parent[count]) = (b, (ushort)(depth[node] + 1), (ushort)node);
                count++;
                ranges.Enqueue(at..next);
            }
        }

        firstChild[count] = (ushort)count;
        return count;
    }

    /// <summary>Links every node to the longest proper suffix of it that begins a stop string; shallow nodes come first.</summary>
    private void LinkSuffixes(ushort[] parent)
    {
        for (var node = 1; node < suffix.Length; node++)
        {
            suffix[node] = parent[node] == Root ? (ushort)Root : (ushort)Next(suffix[parent[node]], via[node]);
            longest[node] = Math.Max(longest[node], longest[suffix[node]]);
        }
    }
}
