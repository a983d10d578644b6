using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates.Syntax;

/// <summary>Tokens one after the other, and how deep the parser stands in them.</summary>
internal sealed class TokenReader(IReadOnlyList<TemplateToken> tokens, TemplateErrors errors, int maxDepth)
{
    private int next;
    private int depth;

    public TemplateToken Current => tokens[next];

    /// <summary>The token behind the current one; the end repeats.</summary>
    public TemplateToken Following => tokens[Math.Min(next + 1, tokens.Count - 1)];

    public TemplateToken Take()
    {
        var token = tokens[next];
        if (token.Kind != TokenKind.End) next++;
        return token;
    }

    public bool AtName(string name) => Current.Is(TokenKind.Name, name);

    public bool AtOperator(string text) => Current.Is(TokenKind.Operator, text);

    public bool TrySkipName(string name) => TrySkip(AtName(name));

    public bool TrySkipOperator(string text) => TrySkip(AtOperator(text));

    public TemplateToken Expect(TokenKind kind, string what) => Current.Kind == kind ? Take() : throw Unexpected(what);

    public void ExpectOperator(string text)
    {
        if (!TrySkipOperator(text)) throw Unexpected($"'{text}'");
    }

    public void ExpectName(string name)
    {
        if (!TrySkipName(name)) throw Unexpected($"'{name}'");
    }

    public ChatTemplateException Unexpected(string expected) => Fail($"found {Current}, expected {expected}");

    public ChatTemplateException Fail(string problem) => errors.At(Current.Line, problem);

    /// <summary>Reads something nested one deeper.</summary>
    public T Deeper<T>(Func<T> read)
    {
        if (++depth > maxDepth) throw Fail(Invariant($"it is nested more than {maxDepth} deep"));
        var result = read();
        depth--;
        return result;
    }

    private bool TrySkip(bool isThere)
    {
        if (isThere) next++;
        return isThere;
    }
}
