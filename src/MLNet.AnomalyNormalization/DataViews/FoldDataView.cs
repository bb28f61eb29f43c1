using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>The rows of one fold, or all the others, in the order of the data.</summary>
/// <param name="input">The data.</param>
/// <param name="foldOf">The fold of each row of the data.</param>
/// <param name="fold">The fold.</param>
/// <param name="isHeldOut">True for the rows of the fold, false for all the others.</param>
internal sealed class FoldDataView(IDataView input, int[] foldOf, int fold, bool isHeldOut) : IDataView
{
    public bool CanShuffle => false;

    public DataViewSchema Schema => input.Schema;

    /// <summary>For each row the number that it has in the data.</summary>
    public long[] RowNumbers { get; } = [.. Enumerable.Range(0, foldOf.Length).Where(row => foldOf[row] == fold == isHeldOut)];

    public long? GetRowCount() => RowNumbers.Length;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
        => new Cursor(input.GetRowCursor(columnsNeeded), RowNumbers);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
        => [GetRowCursor(columnsNeeded)];

    private sealed class Cursor(DataViewRowCursor input, long[] rowNumbers) : DataViewRowCursor
    {
        private long _position = -1;

        public override DataViewSchema Schema => input.Schema;

        public override long Position => _position;

        public override long Batch => 0;

        public override bool MoveNext()
        {
            long next = _position + 1;
            while (next < rowNumbers.Length && input.MoveNext())
            {
                if (input.Position != rowNumbers[next])
                    continue;

                _position = next;
                return true;
            }

            _position = -1;
            return false;
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => input.IsColumnActive(column);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => input.GetGetter<TValue>(column);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                input.Dispose();
            base.Dispose(disposing);
        }
    }
}
