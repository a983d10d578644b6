using System.Text;

namespace Helios.Sdk.Serving.Streaming;

/// <summary>
/// Watches the bytes of one answer for stop strings, whatever tokens they come in. An Aho-Corasick automaton: built where
/// the request is taken in, then fed by the serving loop without allocating, in time proportional to the bytes.
/// </summary>
/// <remarks>
/// The answer ends with the first stop string to be complete; of those that are complete at the same byte the longest
/// counts. That makes the end independent of how the bytes were cut into tokens. Not thread-safe.
/// </remarks>
internal sealed class StopDetector
{
    private const int Root = 0;

    private readonly Dictionary<int, int> edges = [];
    private readonly List<Node> nodes = [new Node()];
    private int node = Root;
    private int fed;

    /// <summary>Builds the automaton.</summary>
    /// <param name="stops">Strings that end the answer; none of them empty.</param>
    public StopDetector(IEnumerable<string> stops)
    {
        foreach (var stop in stops)
        {
            ArgumentException.ThrowIfNullOrEmpty(stop, nameof(stops));
            Add(Encoding.UTF8.GetBytes(stop));
        }

        LinkFailures();
    }

    /// <summary>Where the stop string begins that ended the answer, in bytes from the first byte fed; null while there is none.</summary>
    public int? StopAt { get; private set; }

    /// <summary>How many of the last bytes may yet turn out to begin a stop string, and must not be shown.</summary>
    public int HeldBack => StopAt is null ? nodes[node].Depth : 0;

    /// <summary>Takes the next bytes of the answer; those behind a complete stop string are ignored.</summary>
    /// <returns>Whether a stop string is complete.</returns>
    public bool Feed(ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < bytes.Length && StopAt is null; i++)
        {
            node = Next(node, bytes[i]);
            fed++;
            if (nodes[node].LongestStop is > 0 and var length) StopAt = fed - length;
        }

        return StopAt is not null;
    }

    private void Add(ReadOnlySpan<byte> stop)
    {
        var at = Root;
        foreach (var b in stop)
        {
            if (!edges.TryGetValue(Edge(at, b), out var next))
            {
                next = nodes.Count;
                edges.Add(Edge(at, b), next);
                nodes.Add(new Node { Parent = at, Via = b, Depth = nodes[at].Depth + 1 });
            }

            at = next;
        }

        nodes[at].LongestStop = stop.Length;
    }

    /// <summary>Links every node to the longest proper suffix of it that begins a stop string; shallow nodes first.</summary>
    private void LinkFailures()
    {
        foreach (var (node, index) in nodes.Select((n, i) => (n, i)).OrderBy(p => p.n.Depth).ToArray())
        {
            if (index == Root) continue;
            node.Suffix = node.Parent == Root ? Root : Next(nodes[node.Parent].Suffix, node.Via);
            node.LongestStop = Math.Max(node.LongestStop, nodes[node.Suffix].LongestStop);
        }
    }

    private int Next(int node, byte b)
    {
        int next;
        while (!edges.TryGetValue(Edge(node, b), out next))
        {
            if (node == Root) return Root;
            node = nodes[node].Suffix;
        }

        return next;
    }

    private static int Edge(int node, byte b) => (node << 8) | b;

    /// <summary>A beginning of a stop string.</summary>
    private sealed class Node
    {
        public int Parent { get; init; }

        public byte Via { get; init; }

        public int Depth { get; init; }

        /// <summary>The node of its longest proper suffix that is a node.</summary>
        public int Suffix { get; set; }

        /// <summary>Length of the longest stop string that ends here; 0 is none.</summary>
        public int LongestStop { get; set; }
    }
}
